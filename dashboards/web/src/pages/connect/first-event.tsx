import { Link } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { useFilter } from "../../data/filter";
import { defined, restQuery } from "../../data/queries";
import { formatNumber } from "../../format/value";
import { t } from "../../i18n/t";
import { Notice, Problem } from "../../ui";

/** How often it is asked whether an event has arrived, and how often afterwards. */
const ASKED_MS = 1000;
const AFTERWARDS_MS = 5000;

/** Waits for the first event of a source, and states the outcome of those that arrived. */
export function FirstEvent({ name }: { name: string }) {
  const { tenant } = useFilter();
  const { data, error } = useQuery({
    ...restQuery("/api/v1/event-counts", defined({ tenant, source: name }) as never),
    placeholderData: undefined,
    refetchInterval: ({ state }) => ((state.data?.data.length ?? 0) > 0 ? AFTERWARDS_MS : ASKED_MS),
  });
  if (error !== null && data === undefined) return <Problem error={error} />;
  const counts = data?.data ?? [];
  const sum = (outcome: string) => counts.reduce((all, count) => (count.outcome === outcome ? all + count.events : all), 0);
  const [stored, ignored, rejected] = [sum("stored"), sum("ignored"), sum("rejected")];
  if (counts.length === 0) {
    return (
      <div role="status">
        <p className="note">{t("connect.waiting_event", { name })}</p>
        <span className="progress" aria-hidden="true" />
        <p className="note">{t("connect.no_event_why")}</p>
      </div>
    );
  }
  const kinds = [...new Set(counts.map(({ kind }) => kind))].join(", ");
  return (
    <div className="stack" role="status">
      {stored > 0 && <Notice tone="good">{t("connect.arrived", { n: stored, kinds })}</Notice>}
      {ignored > 0 && <Notice>{t("connect.ignored", { n: ignored })}</Notice>}
      {rejected > 0 && (
        <Notice tone="warn" action={<Link to="/sources" search={{ tab: "rejected", source: name } as never}>{t("sources.show_rejected")}</Link>}>
          {t("connect.rejected", { n: rejected })}
        </Notice>
      )}
      {stored > 0 && (
        <p className="row">
          <Link to="/sources">{t("connect.to_sources")}</Link>
          <Link to="/">{t("shell.to_overview")}</Link>
          <span className="note">{t("connect.n_events", { n: formatNumber(stored + ignored + rejected) })}</span>
        </p>
      )}
    </div>
  );
}
