// Replays recorded answers of GitHub's REST API on 127.0.0.1; the program that comes with them listens on all
// addresses. POST /fixtures {"scenario": …} starts a recording and says where; it gives each answer once, in
// order, and only to the request that was recorded. The recorded requests are a client's of 2017, so that what
// they differ in from those of today, which ours are, is replaced here: the media types and the word before
// the token.
import express from "express";
import fixtures from "@octokit/fixtures";
import server from "@octokit/fixtures-server";

const port = Number(process.argv[2]);
const today = { accept: "application/vnd.github+json", "content-type": "application/json" };

function recording(scenario) {
  const steps = fixtures.get(`api.github.com/${scenario}`);
  for (const { reqheaders } of steps) {
    for (const name of Object.keys(today)) if (name in reqheaders) reqheaders[name] = today[name];
    reqheaders.authorization = reqheaders.authorization.replace(/^token /, "Bearer ");
  }
  return steps;
}

const scenarios = ["branch-protection", "errors", "paginate-issues", "rename-repository"];
const app = express();
app.use(
  server({
    port,
    fixturesUrl: `http://127.0.0.1:${port}`,
    logLevel: "silent",
    ttl: 600_000,
    fixtures: Object.fromEntries(scenarios.map((scenario) => [scenario, recording(scenario)])),
  }),
);
app.listen(port, "127.0.0.1");
