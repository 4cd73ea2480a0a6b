import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { hasParts, useMovers, type Mover, type PartBy } from "../../data/moved";
import { compareOf, type FilterSearch } from "../../data/filter";
import { formatValue } from "../../format/value";
import { t } from "../../i18n/t";
import { Card, Delta, Empty, Loaded, Segments, Skeleton, Tooltip } from "../../ui";
import { ContributionList } from "./contributions";
import { RowsLink } from "./rows";
import "./movers.css";

/** Whose metrics: of the organization as a whole, of its teams, or of its services. */
type MovedBy = "whole" | "team" | "service";

/** What moved most since the earlier window, and why: chosen on the left, explained on the right. `whole` names what is not sliced. */
export function Movers({ filter, whole, slices }: { filter: FilterSearch; whole: string; slices: ("team" | "service")[] }) {
  const search = useSearch({ strict: false }) as { moved?: string; by?: string };
  const navigate = useNavigate();
  const by: MovedBy = slices.find((slice) => slice === search.by) ?? "whole";
  const set = (changes: Record<string, string | undefined>) => void navigate({ to: ".", search: (all: Record<string, unknown>) => ({ ...all, ...changes }), resetScroll: false } as never);
  const movers = useMovers({ by: by === "whole" ? undefined : by, limit: 8, filter });
  const options: { value: MovedBy; text: string }[] = [{ value: "whole", text: whole }, ...slices.map((value) => ({ value, text: t(value === "team" ? "filter.teams" : "filter.services") }))];
  if (compareOf(filter) === undefined) {
    return (
      <Card title={t("overview.moved")}>
        <Empty title={t("overview.no_comparison")}>{t("overview.no_comparison_text")}</Empty>
      </Card>
    );
  }
  return (
    <Card
      title={t("overview.moved")}
      note={t("overview.moved_note")}
      actions={<Segments label={t("overview.moved_by")} value={by} options={options} onChange={(value) => set({ by: value === "whole" ? undefined : value, moved: undefined })} />}
    >
      <Loaded query={movers} skeleton={<Skeleton height={380} />}>
        {({ data }) => {
          const chosen = data.find((mover) => keyOf(mover) === search.moved) ?? data[0];
          if (chosen === undefined) return <Empty title={t("overview.nothing_moved")}>{t("overview.nothing_moved_text")}</Empty>;
          return (
            <div className="movers">
              <ul className="mover-list" aria-label={t("overview.moved")}>
                {data.map((mover) => (
                  <li key={keyOf(mover)}>
                    <MoverButton mover={mover} isChosen={mover === chosen} onChoose={() => set({ moved: keyOf(mover) })} />
                  </li>
                ))}
              </ul>
              <Why key={keyOf(chosen)} mover={chosen} by={by} filter={filter} />
            </div>
          );
        }}
      </Loaded>
    </Card>
  );
}

function keyOf({ metric, slice }: Mover): string {
  return slice === null ? metric : `${metric}~${slice}`;
}

function MoverButton({ mover, isChosen, onChoose }: { mover: Mover; isChosen: boolean; onChoose: () => void }) {
  const { title, slice, unit, value, before_value } = mover;
  return (
    <button type="button" className="mover" aria-pressed={isChosen} onClick={onChoose}>
      <span className="mover-name">
        {title}
        {slice !== null && <small>{slice}</small>}
      </span>
      <span className="mover-values">
        <MoverDelta mover={mover} />
        <small>
          {formatValue(before_value, unit)} → {formatValue(value, unit)}
        </small>
      </span>
    </button>
  );
}

function MoverDelta({ mover }: { mover: Mover }) {
  const { metric, unit, compared, before_value, before_n, difference, change } = mover;
  if (change === null) return <span className="delta">{t("overview.from_zero")}</span>;
  return <Delta metric={metric} unit={unit} compared={{ window: compared, value: before_value, text: null, n: before_n, difference, change }} />;
}

function Why({ mover, by, filter }: { mover: Mover; by: MovedBy; filter: FilterSearch }) {
  const { metric, title, slice, n, before_n } = mover;
  const [part, setPart] = useState<PartBy>();
  const scope: FilterSearch = slice === null ? {} : by === "team" ? { team: slice, service: undefined } : { service: slice };
  const isService = by === "service" && slice !== null;
  const shown: PartBy = part ?? (isService ? "repository" : "service");
  const parts: PartBy[] = isService ? ["repository"] : ["service", "team", "repository"];
  return (
    <section className="why" aria-label={t("overview.why", { title })}>
      <h3>{t("overview.why", { title: slice === null ? title : `${title} · ${slice}` })}</h3>
      <p className="note">
        <RowsLink metric={metric} scope={scope as Record<string, string>}>
          {t("chart.n", { n })}
        </RowsLink>{" "}
        · {t("overview.before_n", { n: before_n })}
      </p>
      {hasParts(metric) && parts.length > 1 && <Segments label={t("parts.parts")} value={shown} options={parts.map((value) => ({ value, text: t(`parts.by_${value}`) }))} onChange={setPart} />}
      {hasParts(metric) ? <ContributionList metric={metric} by={shown} filter={{ ...filter, ...scope }} nameOf={(name) => <PartName name={name} by={shown} />} /> : <p className="note">{t("parts.no_parts")}</p>}
    </section>
  );
}

/** The name of a part, which opens its page where it has one. */
function PartName({ name, by }: { name: string; by: PartBy }): ReactNode {
  if (by === "team" && !name.includes(",")) return <Link to="/teams/$team" params={{ team: name }}>{name}</Link>;
  if (by === "service" && !name.includes(",")) return <Link to="/services/$" params={{ _splat: name }}>{name}</Link>;
  const short = by === "repository" ? name.split("/").slice(-1).join("") : name;
  if (short === name) return name;
  return (
    <Tooltip text={name}>
      <span tabIndex={0}>{short}</span>
    </Tooltip>
  );
}
