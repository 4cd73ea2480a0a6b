// Examines pages by Lighthouse, on its settings of a phone, and prints a line for each:
//
//   node examine.js REPORTS ADDRESS [PATH...]
//
// Fails where a category is below 95 of 100, and names what took the points. Reports, as JSON, go to the directory REPORTS.
//
// Lighthouse simulates the processor of a phone by a factor, which is meant for a fast computer. The factor is chosen by
// Lighthouse's own measure of this machine, as its document about throttling has it. A machine that is slower than a phone,
// or busy, can't show how fast a page is: then performance is printed, but nothing is expected of it. Of a page that is not
// enough at first, the middle one of three examinations counts.
import { writeFile } from "node:fs/promises";
import path from "node:path";
import lighthouse from "lighthouse";
import { pageFunctions } from "lighthouse/core/lib/page-functions.js";
import puppeteer from "puppeteer-core";

const LEAST = 95;
const PATHS = ["/", "/teams", "/teams/Checkout", "/product", "/developer", "/explore", "/deployments", "/sources"];
const CATEGORIES = ["performance", "accessibility", "best-practices"];
/** Of a phone of the middle range. */
const LEAST_SPEED = 125;

const [reports, address, ...given] = process.argv.slice(2);

/** The factor by which a processor is slowed down to that of a phone. */
function factorOf(speed) {
  if (speed >= 1500) return 4;
  return speed >= 800 ? 2 : 1;
}

/** Keeps the whole report. */
async function write(pathOfPage, lhr) {
  const name = pathOfPage.replace(/\W+/g, "-").replace(/^-|-$/g, "") || "overview";
  await writeFile(path.join(reports, `${name}.json`), JSON.stringify(lhr));
}

async function examine(browser, pathOfPage) {
  const page = await browser.newPage();
  try {
    const speed = await page.evaluate(`(${pageFunctions.computeBenchmarkIndex})()`);
    const url = new URL(pathOfPage, address);
    url.searchParams.set("tenant", "demo");
    const settings = {
      onlyCategories: CATEGORIES,
      throttling: { cpuSlowdownMultiplier: factorOf(speed) },
      // the stream of live events never ends
      maxWaitForLoad: 60_000,
    };
    const { lhr } = await lighthouse(url.href, { logLevel: "error" }, { extends: "lighthouse:default", settings }, page);
    await write(pathOfPage, lhr);
    return { lhr, speed };
  } finally {
    await page.close();
  }
}

function scoreOf({ lhr }, category) {
  return Math.round((lhr.categories[category].score ?? 0) * 100);
}

/** The only examination of a page, or of three the one in the middle by performance. */
async function examined(browser, pathOfPage) {
  const first = await examine(browser, pathOfPage);
  if (CATEGORIES.every((category) => scoreOf(first, category) >= LEAST)) return first;
  const all = [first, await examine(browser, pathOfPage), await examine(browser, pathOfPage)];
  const [, middle] = all.sort((one, other) => scoreOf(one, "performance") - scoreOf(other, "performance"));
  await write(pathOfPage, middle.lhr);
  return middle;
}

/** What took points of a category, with its first place. */
function reasons(lhr, category) {
  const audits = lhr.categories[category].auditRefs.filter(({ weight }) => weight > 0).map(({ id }) => lhr.audits[id]);
  return audits
    .filter(({ score }) => score !== null && score < 0.9)
    .map(({ id, displayValue = "", details }) => {
      const [item] = details?.items ?? [];
      const place = item?.node?.snippet ?? item?.description ?? "";
      return `    ${id} ${displayValue} ${place}`.trimEnd();
    });
}

/** Prints what was found on a page; returns whether it is enough. */
function print(pathOfPage, { lhr, speed }) {
  const scores = Object.fromEntries(CATEGORIES.map((category) => [category, scoreOf({ lhr }, category)]));
  const requests = lhr.audits["network-requests"].details?.items ?? [];
  const bytes = requests.reduce((sum, { transferSize = 0 }) => sum + transferSize, 0);
  const shift = lhr.audits["cumulative-layout-shift"].numericValue ?? 0;
  const found = CATEGORIES.map((category) => `${category} ${scores[category]}`).join(", ");
  console.log(`${pathOfPage}: ${found}; ${Math.round(bytes / 1000)} kB, layout shift ${shift.toFixed(3)}`);
  const isSlow = speed < LEAST_SPEED;
  if (isSlow) console.log(`    this machine is slower than a phone (${Math.round(speed)}): nothing is expected of its performance`);
  const below = CATEGORIES.filter((category) => scores[category] < LEAST);
  below.flatMap((category) => reasons(lhr, category)).forEach((line) => console.log(line));
  return below.every((category) => isSlow && category === "performance");
}

const browser = await puppeteer.launch({
  executablePath: process.env.SEI_CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  protocolTimeout: 300_000,
});
try {
  for (const pathOfPage of given.length === 0 ? PATHS : given) {
    if (!print(pathOfPage, await examined(browser, pathOfPage))) process.exitCode = 1;
  }
} finally {
  await browser.close();
}
