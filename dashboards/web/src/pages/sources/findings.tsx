import { Link } from "@tanstack/react-router";
import type { Row } from "sei-client";
import { useFilter } from "../../data/filter";
import { defined, useList } from "../../data/queries";
import { t, tOr } from "../../i18n/t";
import { Button, Card, Empty, Problem, Sentence, Skeleton } from "../../ui";
import { ChoiceFilter } from "../lists/filters";

type Finding = Row<"/api/v1/findings">;

const KINDS = ["environments", "incident_without_service", "no_commit", "unknown_commit", "no_time", "negative_duration", "implausible_time", "partial_history", "unknown_first_commit", "duplicate_change", "patch_releases"] as const;

/** What is doubtful in the data, by kind, with what to do about it. */
export function FindingList({ kind }: { kind: string | undefined }) {
  const { tenant, team, service } = useFilter();
  const list = useList("/api/v1/findings", defined({ tenant, team: service === undefined ? team : undefined, service, kind, sort: "kind" }) as never, { limit: 100 });
  const { rows, error, isPlaceholderData, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  return (
    <div className="stack">
      <div className="list-filters">
        <ChoiceFilter name="finding" label={t("findings.kind")} value={kind} all={t("findings.all")} options={KINDS.map((value) => ({ value, text: kindText(value) }))} />
      </div>
      {error !== null && <Problem error={error} onRetry={() => void refetch()} />}
      {rows === undefined && error === null && <Skeleton height={240} />}
      {rows?.length === 0 && (
        <Card>
          <Empty icon="check" title={t("findings.none")}>
            {t("findings.none_text")}
          </Empty>
        </Card>
      )}
      {rows !== undefined && rows.length > 0 && (
        <div className={`stack ${isPlaceholderData ? "stale" : ""}`} aria-busy={isPlaceholderData}>
          {byKind(rows).map(([of, found]) => (
            <Kind key={of} kind={of} findings={found} />
          ))}
        </div>
      )}
      {hasNextPage && (
        <div>
          <Button onPress={() => void fetchNextPage()} isDisabled={isFetchingNextPage}>
            {t("ui.load_more")}
          </Button>
        </div>
      )}
    </div>
  );
}

function kindText(kind: string): string {
  return tOr(`findings.${kind}`, kind.replaceAll("_", " "));
}

function byKind(findings: Finding[]): [kind: string, findings: Finding[]][] {
  const kinds = new Map<string, Finding[]>();
  for (const finding of findings) kinds.set(finding.kind, [...(kinds.get(finding.kind) ?? []), finding]);
  return [...kinds];
}

function Kind({ kind, findings }: { kind: string; findings: Finding[] }) {
  const remedies = [...new Set(findings.map(({ remedy }) => remedy))];
  return (
    <Card title={kindText(kind)} note={remedies.length === 1 ? <Sentence text={remedies[0] ?? ""} /> : undefined}>
      <ul className="finding-list">
        {findings.map(({ service, subject, detail, remedy }) => (
          <li key={`${service} ${subject} ${detail}`}>
            <span className="finding-subject">
              {service === "" ? subject : <Link to="/services/$" params={{ _splat: service }}>{service}</Link>}
              {service !== "" && subject !== service && (
                <Link to="/search" search={{ q: subject }} className="note">
                  {subject}
                </Link>
              )}
            </span>
            <span>
              <Sentence text={detail} />
              {remedies.length > 1 && (
                <span className="note finding-remedy">
                  <Sentence text={remedy} />
                </span>
              )}
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
