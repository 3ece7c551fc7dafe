// Before anything is drawn: parts that need a script show themselves only where there is one.
document.documentElement.classList.add("js");
