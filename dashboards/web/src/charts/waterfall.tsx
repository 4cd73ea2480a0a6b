import { formatDuration, formatShare } from "../format/value";
import { t } from "../i18n/t";

/** A stage: how long things spend in it; null where that was not observed. */
export interface Stage {
  id: string;
  name: string;
  seconds: number | null;
  n?: number;
  /** Below its value, in small: how it was before. */
  note?: string;
}

/** Stages one after the other, each beginning where the one before ends: where time goes. Drawn without a library. */
export function Waterfall({ title, stages, onPick }: { title: string; stages: Stage[]; onPick?: (stage: Stage) => void }) {
  const total = stages.reduce((sum, { seconds }) => sum + (seconds ?? 0), 0);
  let before = 0;
  return (
    <div className="waterfall" role="list" aria-label={title}>
      {stages.map((stage, index) => {
        const from = total === 0 ? 0 : (before / total) * 100;
        const width = total === 0 ? 0 : ((stage.seconds ?? 0) / total) * 100;
        before += stage.seconds ?? 0;
        const bar = <span className={`waterfall-bar series-${(index % 8) + 1}`} style={{ marginInlineStart: `${from}%`, width: `${width}%` }} />;
        const share = stage.seconds === null || total === 0 ? null : stage.seconds / total;
        return (
          <div key={stage.id} role="listitem" className="waterfall-row">
            <span className="waterfall-name">{onPick === undefined ? stage.name : <button type="button" className="link" onClick={() => onPick(stage)}>{stage.name}</button>}</span>
            <span className="waterfall-track" aria-hidden="true">{bar}</span>
            <span className="waterfall-value">
              {stage.seconds === null ? t("ui.none") : formatDuration(stage.seconds)}
              {share !== null && <small>{formatShare(share)}</small>}
              {stage.note !== undefined && <span className="waterfall-note">{stage.note}</span>}
            </span>
          </div>
        );
      })}
    </div>
  );
}
