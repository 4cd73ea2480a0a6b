import type { Row } from "sei-client";
import { useFilter } from "../../data/filter";
import { defined, useRest } from "../../data/queries";
import { useRights } from "../../data/rights";
import { formatNumber } from "../../format/value";
import { t } from "../../i18n/t";
import { Badge, Button, CodeBlock, Drawer, Loaded, Moment, Sentence } from "../../ui";
import { indented } from "../record/raw-events";
import type { Chosen } from "./replay";

type DeadLetter = Row<"/api/v1/dead-letters">;

/** An event that could not be read: why, what to do, and what was received. */
export function DeadLetterDrawer({ letter, reason, onClose, onReplay }: { letter: DeadLetter | undefined; reason: string; onClose: () => void; onReplay: ((chosen: Chosen) => void) | undefined }) {
  const replay = () => {
    if (letter === undefined || onReplay === undefined) return;
    onClose();
    onReplay({ ids: [letter.id], n: 1, kind: letter.kind, source: letter.source });
  };
  const footer = onReplay === undefined ? undefined : <Button kind="primary" onPress={replay}>{t("sources.replay")}</Button>;
  return (
    <Drawer title={t("sources.event_title")} isOpen={letter !== undefined} onClose={onClose} footer={footer}>
      {letter !== undefined && <Details letter={letter} reason={reason} />}
    </Drawer>
  );
}

function Details({ letter, reason }: { letter: DeadLetter; reason: string }) {
  const { kind, source, id, detail, remedy, received_at, rejected_at, bytes } = letter;
  return (
    <div className="stack">
      <div>
        <p>
          <Badge tone="bad">{reason}</Badge> <Sentence text={detail} />
        </p>
      </div>
      <div>
        <h3>{t("sources.what_to_do")}</h3>
        <p>
          <Sentence text={remedy} />
        </p>
      </div>
      <dl className="facts">
        <dt>{t("sources.kind")}</dt>
        <dd><code>{kind}</code></dd>
        <dt>{t("page.source")}</dt>
        <dd>{source}</dd>
        <dt>{t("sources.received_at")}</dt>
        <dd><Moment at={received_at} isExact /></dd>
        <dt>{t("sources.rejected_at")}</dt>
        <dd><Moment at={rejected_at} isExact /></dd>
        <dt>{t("sources.id")}</dt>
        <dd className="break">{id}</dd>
      </dl>
      <Body id={id} bytes={bytes} />
    </div>
  );
}

function Body({ id, bytes }: { id: string; bytes: number }) {
  const { tenant } = useFilter();
  const { me, has } = useRights();
  const isAllowed = has("raw_events");
  const event = useRest("/api/v1/dead-letters/{id}", defined({ tenant }) as never, { names: { id }, enabled: isAllowed });
  if (me === undefined) return null;
  if (!isAllowed) return <p className="note">{t("sources.body_hidden", { bytes: formatNumber(bytes) })}</p>;
  return (
    <Loaded query={event}>
      {({ data: { payload, content_type } }) =>
        payload === null || payload === undefined ? <p className="note">{t("record.raw_no_text", { bytes: formatNumber(bytes) })}</p> : <CodeBlock title={`${t("sources.body")} (${content_type})`} text={indented(payload)} isWrapped />
      }
    </Loaded>
  );
}
