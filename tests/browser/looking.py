"""What is looked at on a page, in every way it can be read, and what would be a mistake there."""

from __future__ import annotations

from dataclasses import dataclass, field

from playwright.sync_api import Response

from browser.left_over import left_over
from support.browser import BROKEN_AMOUNTS, FALSE_AMOUNTS, Visitor

# Each language as a person's profile names it, and as the page's `lang` must.
LANGUAGES = {"en": "en", "ja": "ja", "zh-hans": "zh-Hans"}
THEMES = ("light", "dark")
WIDTHS = {320: 640, 768: 1024, 1280: 900}
# What a picture is kept of, where pictures are kept.
PICTURES = ((1280, "light"), (320, "dark"))
NARROW, WIDE = {"width": 320, "height": 640}, {"width": 1280, "height": 900}

# Nothing more is asked of the server, and what was asked is answered: a page that is left meanwhile says so in the console.
LEAVE = """async () => {
  document.body?.addEventListener("htmx:beforeRequest", (event) => event.preventDefault(), true);
  while (document.querySelector(".htmx-request")) await new Promise((done) => setTimeout(done, 20));
}"""

# What has the focus and lies under something else, or has nothing around it that shows the focus. Each is focused in turn.
FOCUSED = """async (checkRing) => {
  const found = [];
  const shows = (one) => {
    const ring = (part, pseudo) => {
      const style = getComputedStyle(part, pseudo);
      return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    };
    return ring(one) || ring(one, "::after") || (one.parentElement && ring(one.parentElement))
      || (one.labels?.[0] && ring(one.labels[0])) || (one.type === "range");
  };
  const stops = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")].filter(
    (one) => !one.disabled && one.type !== "hidden" && one.tabIndex >= 0 && one.checkVisibility({visibilityProperty: true}));
  for (const one of stops) {
    one.focus({preventScroll: false, focusVisible: true});
    if (document.activeElement !== one) continue;
    await new Promise((done) => requestAnimationFrame(done));
    const name = one.outerHTML.slice(0, 140).replace(/\\s+/g, " ");
    if (checkRing && !shows(one)) found.push(`the focus cannot be seen: ${name}`);
    // The middle of what is read of it first: its first line, as far as that is in the window.
    const box = one.getClientRects()[0];
    const x = Math.min(Math.max(box.x + box.width / 2, 1), innerWidth - 1);
    const y = box.y + Math.min(box.height, innerHeight) / 2;
    if (y < 0 || y > innerHeight) { found.push(`outside the window when it has the focus: ${name}`); continue; }
    const top = document.elementFromPoint(x, y);
    const own = top && (one.contains(top) || top.contains(one) || one.labels?.[0]?.contains(top));
    if (!own) found.push(`covered when it has the focus: ${name} by ${top?.outerHTML.slice(0, 80)}`);
  }
  document.activeElement?.blur();
  scrollTo(0, 0);
  return found;
}"""

# By how much of the window what sticks to its edges may cover, at most.
MOST_COVERED = 0.4
STUCK = """() => {
  let covered = 0;
  for (const one of document.querySelectorAll("body *")) {
    const style = getComputedStyle(one);
    if (!["sticky", "fixed"].includes(style.position) || !one.checkVisibility()) continue;
    const box = one.getBoundingClientRect();
    if (box.width >= innerWidth * 0.6 && box.height < innerHeight && (style.top !== "auto" || style.bottom !== "auto"))
      covered += box.height;
  }
  return covered / innerHeight;
}"""

# Borders are all that a control has in forced colours; backgrounds and shadows are gone.
NO_EDGE = """() => [...document.querySelectorAll(
    ".btn, .inp, select, textarea, .stepper, .choice, .face, .panel, .card, .note, .picks button, .err-sum"
    )].filter((one) => {
  if (!one.checkVisibility({visibilityProperty: true})) return false;
  const style = getComputedStyle(one);
  const edges = ["Top", "Right", "Bottom", "Left"].filter((side) =>
    style[`border${side}Style`] !== "none" && parseFloat(style[`border${side}Width`]) > 0).length;
  return edges < 4;
}).map((one) => one.outerHTML.slice(0, 120).replace(/\\s+/g, " "))"""

# A drawn zone has to differ from the page, by its fill or by an edge, at 3 to 1 at least; used and room must not look alike.
ZONES = """() => {
  const parse = (colour) => colour.match(/[\\d.]+/g)?.map(Number) ?? [];
  const light = (colour) => {
    const part = parse(colour).slice(0, 3).map((one) => one / 255).map((one) =>
      one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part[0] + 0.7152 * part[1] + 0.0722 * part[2];
  };
  const ratio = (...two) => {
    const [more, less] = two.map(light).sort((x, y) => y - x);
    return (more + .05) / (less + .05);
  };
  const probe = document.createElement("i");
  document.body.append(probe);
  const named = (name) => { probe.style.setProperty("color", name); return getComputedStyle(probe).color; };
  const canvas = named("Canvas"), found = [];
  const drawn = (one) => {
    const style = getComputedStyle(one);
    const seen = (paint) => paint.startsWith("rgb") && (parse(paint)[3] ?? 1) > 0 && ratio(paint, canvas) >= 3;
    if (style.fill.startsWith("url")) return "pattern";
    return [seen(style.fill) && "filled", seen(style.stroke) && "edged"].filter(Boolean).join(" ");
  };
  for (const svg of document.querySelectorAll("svg.meter, svg.gauge")) {
    if (!svg.checkVisibility()) continue;
    const looks = new Map();
    for (const zone of svg.querySelectorAll("rect[class^='z-']")) {
      if (parseFloat(zone.getAttribute("width")) === 0) continue;
      looks.set(zone.getAttribute("class"), drawn(zone));
    }
    for (const [zone, look] of looks) if (!look) found.push(`${svg.getAttribute("class")}: ${zone} cannot be seen`);
    if (looks.has("z-used") && looks.has("z-room") && looks.get("z-used") === looks.get("z-room"))
      found.push(`${svg.getAttribute("class")}: used and room look the same`);
  }
  probe.remove();
  return found;
}"""

# What WCAG 1.4.12 lets a reader set.
SPACED = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }"
    + " p { margin-block-end: 2em !important; }");
  document.adoptedStyleSheets = [sheet];
}"""
# Words that do not fit into a box that hides what is too much.
CUT_OFF = """() => [...document.querySelectorAll("body *")].filter((one) => {
  if (!one.checkVisibility() || one.closest(".vh, svg, .heard-when-narrow") || !one.innerText?.trim()) return false;
  const style = getComputedStyle(one);
  if (style.clipPath !== "none") return false;
  return (["hidden", "clip"].includes(style.overflowX) && one.scrollWidth > one.clientWidth + 1)
    || (["hidden", "clip"].includes(style.overflowY) && one.scrollHeight > one.clientHeight + 1);
}).map((one) => one.outerHTML.slice(0, 120).replace(/\\s+/g, " "))"""
# Words that run out of the box they stand in, over whatever stands beside it.
RUNS_OUT = """() => {
  const found = new Set(), walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement;
    if (!node.textContent.trim() || !parent.checkVisibility({visibilityProperty: true})) continue;
    if (parent.closest(".vh, svg, script, .heard-when-narrow, .skip, option, .only-narrow")) continue;
    let box = parent, up = parent;
    while (up && getComputedStyle(up).clipPath === "none") up = up.parentElement;
    if (up) continue;  // for the ear alone
    while (["inline", "contents"].includes(getComputedStyle(box).display)) box = box.parentElement;
    const edge = box.getBoundingClientRect(), range = document.createRange();
    const runsOut = () => [...range.getClientRects()].some((rect) =>
      rect.width > 1 && (rect.right > edge.right + 1.5 || rect.left < edge.left - 1.5));
    range.selectNodeContents(node);
    if (!runsOut()) continue;
    // The space at which a kept text breaks hangs over the edge, and nobody sees it: words count.
    for (const word of node.textContent.matchAll(/\\S+/g)) {
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      if (runsOut()) found.add(`${box.className || box.tagName}: ${node.textContent.trim().slice(0, 60)}`);
    }
  }
  return [...found];
}"""
RUNNING = """() => document.getAnimations().filter((one) => one.playState === "running")
  .map((one) => one.animationName ?? one.transitionProperty)"""


# What is placed by script follows a window's new size in the next frame.
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@dataclass
class Looker:
    """Looks at the page that stands in a person's browser and notes what is wrong with it; the story goes on."""

    visitor: Visitor
    mistakes: list[str] = field(default_factory=list)
    looks: int = 0
    pages: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.document: Response | None = None
        self.visitor.page.on("response", self._came)

    def _came(self, answer: Response) -> None:
        """Of all that came, the page itself: what was sent, before scripts worked on it."""
        if answer.request.is_navigation_request() and answer.frame == self.visitor.page.main_frame:
            self.document = answer

    def __call__(self, name: str) -> None:
        """Both themes, wide and narrow."""
        for width in (1280, 320):
            for theme in THEMES if width == 1280 else ("light",):
                self.way(name, width, theme)
        self.usual()

    def way(self, name: str, width: int, theme: str) -> None:
        """One width in one theme."""
        page, visitor = self.visitor.page, self.visitor
        page.set_viewport_size({"width": width, "height": WIDTHS[width]})
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
        where = f"{name}, {width}, {theme}"
        self.note(where, "", visitor.accessibility_mistakes())
        if theme == THEMES[0]:
            if wider := visitor.scrolls_sideways():
                self.note(where, "", [f"{wider} pixels wider than the window"])
            self.note(where, "sticks out of its box", visitor.sticks_out())
            self.note(where, "runs out of its box", page.evaluate(RUNS_OUT))
            self.note(where, "torn over two lines", visitor.broken_words())
            self.note(where, "an amount on two lines", page.evaluate(BROKEN_AMOUNTS))
            self.note(where, "an amount denied by its value", page.evaluate(FALSE_AMOUNTS))
        if (width, theme) in PICTURES:
            visitor.shot(f"{name}-{width}-{theme}")
        self.looks += 1

    def words(self, name: str, language: str) -> None:
        """The page says which language it is in, and is in it; as it was sent, it is kept for the checker of HTML."""
        page = self.visitor.page
        said = page.locator("html").get_attribute("lang")
        if said != LANGUAGES[language]:
            self.note(name, "", [f"lang is {said}"])
        if language != "en":  # the people of the stage have names in other letters
            self.note(name, "English", left_over(page, LANGUAGES[language]))
        assert self.document is not None
        self.pages[name] = self.document.text()

    def forced_colours(self, name: str) -> None:
        page = self.visitor.page
        page.set_viewport_size({"width": 1280, "height": 900})
        for theme in THEMES:
            page.emulate_media(color_scheme=theme, forced_colors="active", reduced_motion="reduce")  # type: ignore[arg-type]
            where = f"{name}, forced colours, {theme}"
            self.note(where, "no edge", page.evaluate(NO_EDGE))
            self.note(where, "", page.evaluate(ZONES))
            if theme == THEMES[0]:
                self.note(where, "", page.evaluate(FOCUSED, True))
            self.visitor.shot(f"{name}-forced-{theme}")
        page.emulate_media(forced_colors="none")
        self.looks += 1

    def at_400_percent(self, name: str) -> None:
        """A window of 1280 x 1024 at 400 % is one of 320 x 256."""
        page = self.visitor.page
        page.set_viewport_size({"width": 320, "height": 256})
        page.evaluate(DRAWN)
        where = f"{name}, 400 %"
        if wider := self.visitor.scrolls_sideways():
            self.note(where, "", [f"{wider} pixels wider than the window"])
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight / 2)")
        if (covered := page.evaluate(STUCK)) > MOST_COVERED:
            self.note(where, "", [f"{covered:.0%} of the window are covered by what sticks to its edges"])
        self.note(where, "", page.evaluate(FOCUSED, False))
        self.visitor.shot(f"{name}-zoomed")
        self.looks += 1

    def still(self, name: str) -> None:
        """Who wants no motion has none."""
        self.visitor.page.emulate_media(reduced_motion="reduce")
        self.note(name, "moves", self.visitor.page.evaluate(RUNNING))

    def spaced(self, name: str) -> None:
        """With the spacing that a reader may set, nothing is cut off. The page is not fit to be looked at any more."""
        page = self.visitor.page
        page.evaluate(SPACED)
        for width, height in ((320, 640), (1280, 900)):
            page.set_viewport_size({"width": width, "height": height})
            where = f"{name}, spaced, {width}"
            if wider := self.visitor.scrolls_sideways():
                self.note(where, "", [f"{wider} pixels wider than the window"])
            self.note(where, "sticks out of its box", self.visitor.sticks_out())
            self.note(where, "cut off", page.evaluate(CUT_OFF))
            self.visitor.shot(f"{name}-spaced-{width}")
        self.looks += 1

    def leave(self) -> None:
        """Nothing is under way on the page any more."""
        self.visitor.page.evaluate(LEAVE)

    def usual(self) -> None:
        """A wide window in the light, as people's browsers are here."""
        self.visitor.page.emulate_media(
            color_scheme="light", reduced_motion="no-preference", forced_colors="none"
        )
        self.visitor.page.set_viewport_size(WIDE)

    def note(self, where: str, what: str, found: list[str]) -> None:
        said = [f"{where}: {what}{': ' if what else ''}{one}" for one in found]
        print(*said, sep="\n", end="\n" if said else "", flush=True)  # a long walk tells on the way
        self.mistakes += said
