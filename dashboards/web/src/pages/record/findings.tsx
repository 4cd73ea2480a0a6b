import type { Schema } from "../../data/types";
import { t } from "../../i18n/t";
import { Card, Sentence } from "../../ui";
import "./record.css";

type Finding = Schema<"Finding"> & { remedy?: string | null };

/** What is doubtful in the data behind something, with what to do. */
export function Findings({ findings }: { findings: Finding[] }) {
  if (findings.length === 0) return null;
  return (
    <Card title={t("record.findings")}>
      <ul className="evidence">
        {findings.map(({ kind, subject, detail, remedy }) => (
          <li key={`${kind} ${subject}`}>
            <p>
              <Sentence text={detail} />
            </p>
            {remedy !== null && remedy !== undefined && (
              <p className="note">
                <Sentence text={remedy} />
              </p>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}
