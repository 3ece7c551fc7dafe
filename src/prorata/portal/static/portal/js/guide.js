// A guide has led here: the numbered boxes of its step around the elements it speaks of. Decoration: the guide's words name them.
const MARGIN = 4;
const wanted = JSON.parse(document.getElementById("guide-boxes").dataset.boxes);
const layer = document.createElement("div");
layer.className = "guide-layer";
layer.setAttribute("aria-hidden", "true");
document.body.append(layer);

const boxes = wanted.map(([number, hook]) => {
  const box = document.createElement("i");
  const badge = document.createElement("b");
  box.className = "guide-box";
  badge.textContent = number;
  box.append(badge);
  layer.append(box);
  return [box, hook];
});

function place() {
  for (const [box, hook] of boxes) {
    const seen = [...document.querySelectorAll(hook)].find((one) => one.getClientRects().length);
    box.hidden = !seen;
    if (!seen) continue;
    const at = seen.getBoundingClientRect();
    box.style.insetInlineStart = `${at.left + scrollX - MARGIN}px`;
    box.style.insetBlockStart = `${at.top + scrollY - MARGIN}px`;
    box.style.inlineSize = `${at.width + 2 * MARGIN}px`;
    box.style.blockSize = `${at.height + 2 * MARGIN}px`;
  }
}

place();
new ResizeObserver(place).observe(document.body);
addEventListener("resize", place);
document.fonts?.ready.then(place);
document.body.addEventListener("htmx:afterSettle", place);
boxes.find(([box]) => !box.hidden)?.[0].scrollIntoView({ block: "center" });
