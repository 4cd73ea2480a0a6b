import { Fragment, type ReactNode } from "react";

/** A document of the repository: headings, paragraphs, lists, tables, code. What it holds is ours, so no more is read. */
export function Markdown({ text }: { text: string }) {
  return blocksOf(text).map((block, index) => <Block key={`${index} ${block.slice(0, 20)}`} text={block} />);
}

/** The blocks of a document: code whole, otherwise what stands between blank lines; a heading by itself. */
export function blocksOf(text: string): string[] {
  const blocks: string[] = [];
  let lines: string[] = [];
  let isCode = false;
  const end = () => {
    if (lines.length > 0) blocks.push(lines.join("\n"));
    lines = [];
  };
  for (const line of text.split("\n")) {
    const isFence = line.startsWith("```");
    if (isCode ? false : isFence || line.trim() === "" || line.startsWith("#")) end();
    if (isCode || line.trim() !== "") lines.push(line);
    if (isFence) isCode = !isCode;
    if (!isCode && (isFence || line.startsWith("#"))) end();
  }
  end();
  return blocks;
}

function Block({ text }: { text: string }) {
  const heading = /^(#{1,4}) (.*)/.exec(text);
  if (heading !== null) return <Heading level={heading[1]?.length ?? 1} text={heading[2] ?? ""} />;
  if (text.startsWith("```")) return <pre tabIndex={0}>{text.replace(/^```.*\n|\n?```$/g, "")}</pre>;
  if (text.startsWith("|")) return <Rows text={text} />;
  if (/^(- |\d+\. )/.test(text)) return <List text={text} />;
  return (
    <p>
      <Inline text={text} />
    </p>
  );
}

function Heading({ level, text }: { level: number; text: string }) {
  const id = text.toLowerCase().replace(/[^\p{L}\p{N} -]/gu, "").replaceAll(" ", "-");
  const content = <Inline text={text} />;
  if (level <= 2) return <h2 id={id}>{content}</h2>;
  return <h3 id={id}>{content}</h3>;
}

function List({ text }: { text: string }) {
  const items = text.split(/\n(?=- |\d+\. )/).map((item) => item.replace(/^(- |\d+\. )/, ""));
  const Kind = /^\d/.test(text) ? "ol" : "ul";
  return (
    <Kind>
      {items.map((item) => (
        <li key={item}>
          <Inline text={item} />
        </li>
      ))}
    </Kind>
  );
}

function Rows({ text }: { text: string }) {
  const [head = [], , ...rows] = text.split("\n").map((line) => line.replace(/^\||\|\s*$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|")));
  return (
    <div className="table-scroll" role="region" aria-label={`${head.join(", ")}: ${rows[0]?.[0] ?? ""}`} tabIndex={0}>
      <table className="table">
        <thead>
          <tr>
            {head.map((cell) =>
              cell === "" ? (
                <td key="none" />
              ) : (
                <th key={cell} scope="col">
                  <Inline text={cell} />
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells) => (
            <tr key={cells.join()}>
              {cells.map((cell, index) => (
                <td key={`${head[index]} ${cell}`}>
                  <Inline text={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Code, bold text and links within a line. A link within the document stays one; others are documents that are not here. */
function Inline({ text }: { text: string }): ReactNode {
  const parts = text.split(/(`[^`]+`|\*\*[^*]+\*\*|\[[^\]]+\]\([^)]+\))/);
  return parts.map((part, index) => {
    const link = /^\[([^\]]+)\]\(([^)]+)\)$/.exec(part);
    const key = `${index} ${part}`;
    if (part.startsWith("`")) return <code key={key}>{part.slice(1, -1)}</code>;
    if (part.startsWith("**")) return <strong key={key}>{part.slice(2, -2)}</strong>;
    if (link !== null) return link[2]?.startsWith("#") ? <a key={key} href={link[2]}>{link[1]}</a> : <Fragment key={key}>{link[1]}</Fragment>;
    return <Fragment key={key}>{part}</Fragment>;
  });
}
