import { useState } from "react";
import type { Row } from "sei-client";
import { useFilter } from "../../data/filter";
import { ProblemError } from "../../data/problem";
import { defined, useRest } from "../../data/queries";
import { formatNumber } from "../../format/value";
import { t } from "../../i18n/t";
import { Button, Drawer, Empty, Loaded, Moment } from "../../ui";
import "./record.css";

type RawEvent = Row<"/api/v1/events">;

/** Opens the events that reported something, as sources sent them. `fact` is its id. */
export function RawEvents({ fact, isQuiet = false }: { fact: string; isQuiet?: boolean }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button kind={isQuiet ? "quiet" : "plain"} icon="sources" onPress={() => setOpen(true)} aria-label={t("record.raw_of", { id: fact })}>
        {t("record.raw")}
      </Button>
      <Drawer title={t("record.raw")} isOpen={isOpen} onClose={() => setOpen(false)}>
        {isOpen && <Events fact={fact} />}
      </Drawer>
    </>
  );
}

function Events({ fact }: { fact: string }) {
  const { tenant } = useFilter();
  const events = useRest("/api/v1/events", defined({ tenant, fact }) as never);
  if (events.error instanceof ProblemError && events.error.status === 403) return <Empty title={t("record.raw_hidden")}>{events.error.message}</Empty>;
  return (
    <div className="stack">
      <p className="note">
        <code>{fact}</code>
      </p>
      <Loaded query={events}>
        {({ data }) => (data.length === 0 ? <Empty title={t("record.raw_none")}>{t("record.raw_none_text")}</Empty> : data.map((event) => <Event key={`${event.partition} ${event.position}`} event={event} />))}
      </Loaded>
    </div>
  );
}

function Event({ event }: { event: RawEvent }) {
  const { source, kind, id, received_at, bytes, payload } = event;
  return (
    <section className="raw-event" aria-label={kind}>
      <dl className="pairs">
        <dt>{t("record.raw_kind")}</dt>
        <dd>
          <code>{kind}</code>
        </dd>
        <dt>{t("record.raw_source")}</dt>
        <dd>{source}</dd>
        <dt>{t("record.raw_received")}</dt>
        <dd>
          <Moment at={received_at} isExact />
        </dd>
        <dt>{t("record.raw_id")}</dt>
        <dd>
          {id} <span className="note">{t("record.bytes", { n: bytes })}</span>
        </dd>
      </dl>
      {payload === null || payload === undefined ? (
        <p className="note">{t("record.raw_no_text", { bytes: formatNumber(bytes) })}</p>
      ) : (
        <pre className="payload" tabIndex={0} aria-label={t("record.raw_payload", { kind })}>
          {indented(payload)}
        </pre>
      )}
    </section>
  );
}

/** JSON by lines; anything else as it is. */
export function indented(payload: string): string {
  try {
    return JSON.stringify(JSON.parse(payload), null, 2);
  } catch {
    return payload;
  }
}
