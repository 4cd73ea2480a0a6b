// Runs while the application is still being loaded, and imports none of it: puts the theme on the page before it is
// first painted, and begins what the page at this address loads and asks. The application needs none of that: what fails
// here, or is not asked here, it does itself.
import { applyTheme } from "../app/theme";
import { askAhead } from "./asked";
import { pageAt } from "./pages";
import { questionsAt } from "./questions";

applyTheme();
const { pathname, search } = location;
try {
  pageAt(pathname)?.().catch(() => undefined);
  questionsAt(pathname, Object.fromEntries(new URLSearchParams(search))).forEach(askAhead);
} catch {
  // an address that can't be read
}
