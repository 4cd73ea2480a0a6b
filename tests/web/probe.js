// What scripts of the tests of the page begin with: waiting until something is so, and handing over what they
// found as JSON in the page.

async function until(is) {
  for (let tries = 0; tries < 600; tries += 1) {
    if (is()) return;
    await new Promise((done) => setTimeout(done, 25));
  }
  throw new Error(`never so: ${is}`);
}

/** Until the page shows what the address asks for. */
async function shown() {
  await new Promise((done) => setTimeout(done, 50));
  const ready = (id) => document.getElementById(id)?.getAttribute("aria-busy") === "false";
  await until(() => ready("cards") && ready("deployments") && !document.getElementById("cards").querySelector(".skeleton"));
}

/** What axe finds in a part of the page. */
async function axeIn(root) {
  const { violations, passes } = await axe.run(root, { resultTypes: ["violations", "passes"] });
  return {
    theme: matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light",
    passes: passes.length,
    violations: violations.map(({ id, nodes }) => ({
      id, nodes: nodes.slice(0, 5).map(({ html, failureSummary }) => `${html.slice(0, 200)} ${failureSummary}`),
    })),
  };
}

async function report(test) {
  const found = await test().catch((error) => ({ error: String(error?.stack ?? error) }));
  const element = document.createElement("script");
  element.type = "application/json";
  element.id = "found";
  element.textContent = JSON.stringify(found).replaceAll("<", "\\u003c");
  document.body.append(element);
}
