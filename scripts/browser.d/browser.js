// Takes steps in a headless browser, as a person would. Reads them as JSON from standard input, a list of
//
//   {"before": SCRIPT}                 runs a script in each page that is opened from now on, before its own
//   {"open": URL}                      opens an address
//   {"look": {theme, width, height}}   shows pages in a theme, in a window of a size
//   {"fill": [SELECTOR, TEXT]}         writes into a field
//   {"choose": [SELECTOR, VALUE]}      chooses an option
//   {"click": SELECTOR}                clicks, once the element is there
//   {"press": KEY}                     presses a key
//   {"back": true}                     goes back
//   {"wait": SELECTOR}                 waits until there is such an element
//   {"until": URL}                     waits until the address begins with this
//   {"run": SCRIPT}                    runs an expression in the page, and notes its value
//   {"axe": FILE}                      notes what axe, whose program is in the file, finds in the page
//   {"paper": true}                    prints, and notes on how many pages
//   {"offline": BOOLEAN}               disconnects it, or connects it again
//   {"request": URL}                   asks for an address from outside of the page: the test goes on
//   {"screenshot": [FILE, SCALE]}      takes a screenshot, as WebP, with SCALE pixels for each of the page
//
// and prints as JSON where it is then, what the page shows, its cookies, the values, and what was complained about: errors
// of scripts and of the console, and addresses of other hosts. SEI_CHROMIUM names the browser.
import { readFile, writeFile } from "node:fs/promises";
import { chromium } from "playwright-core";

const STEPS = {
  before: (page, script) => page.addInitScript(script),
  open: (page, url) => page.goto(url),
  look: async (page, { theme = "light", width = 1280, height = 900 }) => {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width, height });
  },
  fill: (page, [selector, text]) => page.fill(selector, text),
  choose: async (page, [selector, value]) => void (await page.selectOption(selector, value)),
  click: (page, selector) => page.click(selector),
  press: (page, key) => page.keyboard.press(key),
  back: (page) => page.goBack(),
  wait: (page, selector) => page.waitForSelector(selector, { state: "attached" }),
  until: (page, address) => page.waitForURL((url) => url.href.startsWith(address)),
  run: async (page, script) => [await page.evaluate(script)],
  axe: async (page, file) => [await examined(page, await readFile(file, "utf8"))],
  paper: async (page) => [pagesOf(await page.pdf({ preferCSSPageSize: true, printBackground: true }))],
  offline: (page, isOffline) => page.context().setOffline(isOffline),
  request: (page, url) => fetch(url).catch(() => []),
  screenshot: async (page, [file, scale]) => void (await writeFile(file, await webp(page, scale))),
};

/** The pages of a PDF. */
function pagesOf(pdf) {
  return pdf.toString("latin1").match(/\/Type\s*\/Page\b/g)?.length ?? 0;
}

async function webp(page, scale) {
  const session = await page.context().newCDPSession(page);
  const clip = { x: 0, y: 0, ...page.viewportSize(), scale };
  const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality: 80, clip });
  await session.detach();
  return Buffer.from(data, "base64");
}

async function examined(page, program) {
  // given to the page from outside, so that its policy stays as it is
  await page.evaluate(program);
  return page.evaluate(async () => {
    const { violations, passes } = await globalThis.axe.run(document, { resultTypes: ["violations", "passes"] });
    const nodes = (found) => found.slice(0, 5).map(({ html, failureSummary }) => `${html.slice(0, 200)} ${failureSummary}`);
    return { passes: passes.length, violations: violations.map((found) => ({ id: found.id, nodes: nodes(found.nodes) })) };
  });
}

async function take(page, step) {
  const [[name, argument]] = Object.entries(step);
  if (STEPS[name] === undefined) throw new Error(`no such step: ${JSON.stringify(step)}`);
  const values = await STEPS[name](page, argument);
  return Array.isArray(values) ? values : [];
}

/** Notes what is complained about. */
function listen(page, complaints) {
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) {
      complaints.push(`${message.text()} ${message.location().url}`);
    }
  });
  page.on("response", async (response) => {
    if (response.status() < 500) return;
    const body = await response.text().catch(() => "");
    complaints.push(`${response.status()} ${response.url()} ${body.slice(0, 500)}`);
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol.startsWith("http") && !["127.0.0.1", "localhost"].includes(hostname)) complaints.push(`another host: ${request.url()}`);
  });
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
  const [values, complaints] = [[], []];
  listen(page, complaints);
  for (const [nth, step] of JSON.parse(text).entries()) {
    try {
      values.push(...(await take(page, step)));
    } catch (error) {
      const shown = (await page.textContent("body").catch(() => "")) ?? "";
      throw new Error(`step ${nth + 1} at ${page.url()}: ${error}\n${complaints.join("\n")}\n${shown.slice(0, 2000)}`);
    }
  }
  const shown = await page.textContent("body");
  process.stdout.write(JSON.stringify({ url: page.url(), shown, cookies: await context.cookies(), values, complaints }));
} finally {
  await browser.close();
}
