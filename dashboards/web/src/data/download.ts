import { saveFile } from "../format/csv";
import { problemOf, unreachable } from "./problem";

/** The pages of a list that are downloaded at most, of 200 rows each. */
const PAGES = 50;

/** Downloads all rows of a list as CSV, page by page. Says whether these are all of them. */
export async function downloadList(name: string, path: string, query: Record<string, string | undefined>): Promise<boolean> {
  const parameters = new URLSearchParams({ limit: "200" });
  for (const [key, value] of Object.entries(query)) if (value !== undefined) parameters.set(key, value);
  let address: string | undefined = `${path}?${parameters}`;
  const parts: string[] = [];
  while (address !== undefined && parts.length < PAGES) {
    const response: Response = await fetch(address, { headers: { accept: "text/csv" } }).catch(() => {
      throw unreachable();
    });
    if (!response.ok) throw await problemOf(response);
    const text = await response.text();
    // each page begins with the heads
    parts.push(parts.length === 0 ? text : text.slice(text.indexOf("\n") + 1));
    address = nextOf(response.headers.get("link"));
  }
  saveFile(name, "text/csv", parts.join(""));
  return address === undefined;
}

/** The address of the next page, of the header `Link`. */
export function nextOf(link: string | null): string | undefined {
  return /<([^>]+)>;\s*rel="next"/.exec(link ?? "")?.[1];
}
