import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { answered, rest } from "../../data/client";
import { useFilter } from "../../data/filter";
import { defined } from "../../data/queries";
import { useWrite } from "../../data/writes";
import { t } from "../../i18n/t";
import { Confirm } from "../../ui";

/** The events to replay: one by its id, or all of a source, a kind and a reason; `n` is how many. */
export interface Chosen {
  ids?: string[];
  source?: string;
  kind?: string;
  reason?: string;
  n: number;
}

const CHANGED = /^\/api\/v1\/(dead-letters|sources)/;
/** How long reading again may take before what is still rejected is asked for. */
const READ_MS = 3000;
/** The most that one request replays. */
const REPLAYED_MAX = 10_000;

/** Asks whether events are to be read again, and has that done. */
export function ReplayDialog({ chosen, onClose, onDone }: { chosen: Chosen | undefined; onClose: () => void; onDone: (replayed: number) => void }) {
  const { tenant } = useFilter();
  const client = useQueryClient();
  const replay = useWrite(
    ({ ids, source, kind, reason, n }: Chosen) =>
      answered(rest.POST("/api/v1/dead-letters/replay", { params: { query: defined({ tenant }) }, body: ids === undefined ? { source, kind, reason, limit: Math.min(Math.max(n, 1000), REPLAYED_MAX) } : { ids } })),
    CHANGED,
  );
  const { isSuccess } = replay;
  useEffect(() => {
    if (!isSuccess) return;
    // what can't be read still is rejected again a moment later
    const timer = setTimeout(() => void client.invalidateQueries({ predicate: ({ queryKey: [, path] }) => typeof path === "string" && CHANGED.test(path) }), READ_MS);
    return () => clearTimeout(timer);
  }, [isSuccess, client, chosen]);
  if (chosen === undefined) return null;
  const close = () => {
    replay.reset();
    onClose();
  };
  const confirm = () =>
    replay.mutate(chosen, {
      onSuccess: ({ data }) => {
        onDone(data.replayed);
        onClose();
      },
    });
  return (
    <Confirm title={t("sources.replay_title", { n: chosen.n })} isOpen onClose={close} onConfirm={confirm} confirm={t("sources.replay")} isPending={replay.isPending} error={replay.error}>
      <p>{t("sources.replay_text")}</p>
      {chosen.kind !== undefined && (
        <p className="note">
          {chosen.source} · <code>{chosen.kind}</code>
        </p>
      )}
    </Confirm>
  );
}
