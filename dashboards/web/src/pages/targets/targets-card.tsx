import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState, type ReactNode } from "react";
import { useMaySet, type TargetResult } from "../../data/targets";
import { t } from "../../i18n/t";
import { Button, Card, Empty, MetricInfo, Table, Value, type Column } from "../../ui";
import { Observations } from "../parts/rows";
import { TargetLine, TargetState } from "./mark";
import { targetText } from "./value";
import "./targets.css";

// few set targets, and seldom
const TargetDialog = lazy(() => import("./target-dialog").then((file) => ({ default: file.TargetDialog })));

interface TargetsCardProps {
  /** Whose targets these are; without it the organization's. */
  team?: string;
  results: TargetResult[];
  /** Below the targets: what else is missed. */
  children?: ReactNode;
}

/** Working agreements: targets with the values that they are held against, breaches first. */
export function TargetsCard({ team, results, children }: TargetsCardProps) {
  const maySet = useMaySet(team);
  const [edited, setEdited] = useState<TargetResult | "new">();
  const rank = ({ met }: TargetResult) => (met === false ? 0 : met === null ? 2 : 1);
  const rows = [...results].sort((one, other) => rank(one) - rank(other));
  const missed = results.filter(({ met }) => met === false).length;
  const title = t(team === undefined ? "target.of_all" : "target.of_team");
  return (
    <Card
      data-part="targets"
      title={title}
      note={results.length === 0 ? undefined : missed === 0 ? t("target.all_met") : t("target.n_missed", { n: missed, of: results.length })}
      actions={maySet && results.length > 0 && <Button icon="plus" onPress={() => setEdited("new")}>{t("target.set")}</Button>}
      flush={results.length > 0}
    >
      {results.length === 0 ? (
        <Empty icon="check" title={t("target.none")} action={maySet && <Button icon="plus" onPress={() => setEdited("new")}>{t("target.set")}</Button>}>
          {t(maySet ? "target.none_text" : "target.none_and_may_not")}
        </Empty>
      ) : (
        <Table title={title} columns={columns(team, maySet ? setEdited : undefined)} rows={rows} rowKey={({ metric }) => metric} canExport={false} />
      )}
      {children}
      {edited !== undefined && (
        <Suspense fallback={null}>
          <TargetDialog team={team} result={edited === "new" ? undefined : edited} taken={ownOf(results, team)} onClose={() => setEdited(undefined)} />
        </Suspense>
      )}
    </Card>
  );
}

/** The metrics for which there is a target of its own. */
function ownOf(results: TargetResult[], team: string | undefined): string[] {
  return results.filter(({ agreed_by }) => (agreed_by ?? undefined) === team).map(({ metric }) => metric);
}

function columns(team: string | undefined, onEdit: ((result: TargetResult) => void) | undefined): Column<TargetResult>[] {
  const all: Column<TargetResult>[] = [
    { id: "metric", head: t("target.metric"), value: ({ title }) => title, cell: (result) => <Agreement result={result} team={team} /> },
    { id: "target", head: t("target.target"), align: "end", isMinor: true, value: ({ target }) => target, cell: ({ bound, target, unit }) => targetText(bound, target, unit) },
    {
      id: "value",
      head: t("target.value"),
      align: "end",
      value: ({ value }) => value,
      cell: ({ metric, title, value, unit, n, caveats }) => (
        <>
          <Value value={value} unit={unit} why={caveats[0]?.text} />
          <div className="note">
            <Observations metric={metric} title={title} n={n} scope={{ team }} />
          </div>
        </>
      ),
    },
    { id: "state", head: t("target.state"), isMinor: true, value: ({ met }) => (met === null ? null : Number(met)), cell: (result) => <TargetState result={result} /> },
  ];
  if (onEdit === undefined) return all;
  const edit = (result: TargetResult) => (
    <Button kind="quiet" icon="edit" onPress={() => onEdit(result)} aria-label={t("target.edit_of", { title: result.title })}>
      <span className="minor">{t("target.edit")}</span>
    </Button>
  );
  return [...all, { id: "edit", head: <span className="visually-hidden">{t("target.edit")}</span>, title: t("target.edit"), align: "end", cell: edit }];
}

/** The metric of a target, what was agreed in words, and who agreed on it if not the team itself. */
function Agreement({ result, team }: { result: TargetResult; team: string | undefined }) {
  const { metric, title, note, agreed_by } = result;
  const isInherited = (agreed_by ?? undefined) !== team;
  return (
    <div className="agreement">
      {title}
      <MetricInfo metric={metric} answer={result} />
      <div className="only-phone">
        <TargetLine result={result} />
      </div>
      {note !== "" && <div className="note">{note}</div>}
      {isInherited && (
        <div className="note">
          {agreed_by === null ? (
            t("target.by_organization")
          ) : (
            <Link to="/teams/$team" params={{ team: agreed_by }}>
              {t("target.by_team", { team: agreed_by })}
            </Link>
          )}
        </div>
      )}
    </div>
  );
}
