import { t } from "../../i18n/t";
import { Sentence } from "../../ui";

/** What the report states about its data: the first two, the others on demand. */
export function Statements({ texts }: { texts: string[] }) {
  const others = texts.slice(2);
  if (texts.length === 0) return null;
  return (
    <div className="statements">
      {texts.slice(0, 2).map((text) => (
        <Statement key={text} text={text} />
      ))}
      {others.length > 0 && (
        <details>
          <summary>{t("parts.more_statements", { n: others.length })}</summary>
          {others.map((text) => (
            <Statement key={text} text={text} />
          ))}
        </details>
      )}
    </div>
  );
}

function Statement({ text }: { text: string }) {
  return (
    <p className="callout">
      <span>
        <Sentence text={text} />
      </span>
    </p>
  );
}
