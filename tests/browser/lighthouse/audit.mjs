// Audits pages one after the other in one chromium. Standard input: {chromium, pages: [{name, url, form, cookies}]};
// standard output: one line of JSON a page, with the scores (0 to 100) and what cost points.
import { readFileSync } from "node:fs";
import lighthouse, { desktopConfig } from "lighthouse";
import puppeteer from "puppeteer-core";

const asked = JSON.parse(readFileSync(0, "utf8"));
const browser = await puppeteer.launch({ executablePath: asked.chromium, args: ["--headless=new", "--no-sandbox"] });
try {
  for (const page of asked.pages) {
    const visitor = await browser.createBrowserContext();
    await visitor.setCookie(...page.cookies);
    const { lhr } = await lighthouse(
      page.url,
      { logLevel: "error", onlyCategories: ["performance", "accessibility", "best-practices"] },
      page.form === "desktop" ? desktopConfig : undefined,
      await visitor.newPage(),
    );
    await visitor.close();
    console.log(JSON.stringify({ name: page.name, form: page.form, ended: lhr.finalDisplayedUrl, trouble: lhr.runtimeError?.message ?? "", ...summary(lhr) }));
  }
} finally {
  await browser.close();
}

function summary(lhr) {
  const scores = {}, costs = [];
  for (const [name, category] of Object.entries(lhr.categories)) {
    scores[name] = Math.round(category.score * 100);
    for (const { id, weight } of category.auditRefs) {
      const audit = lhr.audits[id];
      if (weight && audit.score !== null && audit.score < (name === "performance" ? 0.9 : 1)) {
        costs.push(`${id}: ${audit.displayValue ?? audit.title} ${JSON.stringify(audit.details?.items ?? []).slice(0, 600)}`);
      }
    }
  }
  return { scores, costs };
}
