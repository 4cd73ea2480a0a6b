// Takes steps in a headless browser, as a person would. Reads them as JSON from standard input, a list of
//
//   {"open": URL}                      opens an address
//   {"fill": [SELECTOR, TEXT]}         writes into a field
//   {"click": SELECTOR}                clicks, once the element is there
//   {"until": URL}                     waits until the address begins with this
//   {"run": SCRIPT}                    runs an expression in the page, and notes its value
//
// and prints as JSON where it is then, what the page shows, its cookies, and the values. SEI_CHROMIUM names the browser.
import { chromium } from "playwright-core";

async function take(page, step) {
  if (step.open) await page.goto(step.open);
  else if (step.fill) await page.fill(...step.fill);
  else if (step.click) await page.click(step.click);
  else if (step.until) await page.waitForURL((url) => url.href.startsWith(step.until));
  else if (step.run) return [await page.evaluate(step.run)];
  else throw new Error(`no such step: ${JSON.stringify(step)}`);
  return [];
}

let text = "";
for await (const part of process.stdin) text += part;
const browser = await chromium.launch({
  executablePath: process.env.SEI_CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
try {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const values = [];
  for (const [nth, step] of JSON.parse(text).entries()) {
    try {
      values.push(...(await take(page, step)));
    } catch (error) {
      const shown = (await page.textContent("body").catch(() => "")) ?? "";
      throw new Error(`step ${nth + 1} at ${page.url()}: ${error}\n${shown.slice(0, 2000)}`);
    }
  }
  const shown = await page.textContent("body");
  process.stdout.write(JSON.stringify({ url: page.url(), shown, cookies: await context.cookies(), values }));
} finally {
  await browser.close();
}
