// The frame of every page: light or dark, menus that close, messages that are read once.
const root = document.documentElement;

document.querySelector("[data-theme-button]")?.addEventListener("click", (event) => {
  event.preventDefault();
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const theme = dark ? "light" : "dark";
  root.dataset.theme = theme;
  document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
});

const menus = document.querySelectorAll("details.menu");
document.addEventListener("click", (event) => menus.forEach((menu) => menu.contains(event.target) || menu.removeAttribute("open")));
document.addEventListener("focusin", (event) => menus.forEach((menu) => menu.contains(event.target) || menu.removeAttribute("open")));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus) {
    if (menu.open && menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    menu.removeAttribute("open");
  }
});

document.querySelector("[data-focus]")?.focus();

for (const button of document.querySelectorAll("[data-fill]")) {
  button.addEventListener("click", () => {
    for (const [id, value] of Object.entries(JSON.parse(button.dataset.fill))) document.getElementById(id).value = value;
    document.getElementById(Object.keys(JSON.parse(button.dataset.fill))[0]).form.requestSubmit();
  });
}

// A form that is on its way is not sent again by a second click; the server would take it as the same, but the wait is shown.
const release = (form) => {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
};
document.addEventListener("submit", (event) => {
  const form = event.target;
  // By attribute: a field called "method" stands in the form's own way.
  if (event.defaultPrevented || form.getAttribute("method") !== "post" || form.hasAttribute("target")) return;
  if ("sent" in form.dataset) return event.preventDefault();
  form.dataset.sent = "";
  if (form.contains(event.submitter)) event.submitter.setAttribute("aria-busy", "true");
  setTimeout(release, 10000, form);
});
addEventListener("pageshow", (event) => event.persisted && document.querySelectorAll("form[data-sent]").forEach(release));

// Without a connection the page says that it may be out of date. A part that asks again by itself tells both ways.
const line = document.querySelector("[data-cut-off]");
const cutOff = (is) => { line.textContent = is ? line.dataset.cutOff : ""; };
addEventListener("offline", () => cutOff(true));
addEventListener("online", () => cutOff(false));
if (!navigator.onLine) cutOff(true);
document.body.addEventListener("htmx:sendError", () => cutOff(true));
document.body.addEventListener("htmx:afterOnLoad", () => cutOff(false));

// A part that is drawn anew takes the focus of a link along: htmx finds again what has an id, this what leads to the same place.
let held = "";
document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const at = document.activeElement;
  held = at.matches("a:not([id])") && detail.target.contains(at) ? at.getAttribute("href") : "";
});
document.body.addEventListener("htmx:afterSettle", () => {
  if (held && document.activeElement === document.body) document.querySelector(`main a[href="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
  held = "";
});

// Copy a text that the server wrote. Where the browser may not, the page with the text opens instead, or the text beside is marked.
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    if (button.dataset.page) open(button.dataset.page, "_blank", "noopener");
    else getSelection().selectAllChildren(button.previousElementSibling);
    return;
  }
  button.dataset.label ??= button.textContent;
  button.textContent = button.dataset.copied;
  button.parentElement.querySelector("[role=status]").textContent = button.dataset.copied;
  clearTimeout(button.back);
  button.back = setTimeout(() => { button.textContent = button.dataset.label; button.parentElement.querySelector("[role=status]").textContent = ""; }, 2500);
});
