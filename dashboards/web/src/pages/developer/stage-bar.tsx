import type { DeployedChange } from "../../data/own-work";
import { formatDuration } from "../../format/value";
import { t } from "../../i18n/t";
import { Tooltip } from "../../ui";

/** The stages that follow each other; the approval is a part of the review. */
const STAGES = ["coding", "pickup", "review", "deploy"] as const;
const HEIGHT = 12;
const WIDTH = 260;

/** Where the time of a change went, as long as it took beside the longest one. */
export function StageBar({ stages, longest }: { stages: DeployedChange["stages"]; longest: number }) {
  const parts = STAGES.map((name) => ({ name, seconds: stages?.[`${name}_seconds`] ?? null }));
  const text = parts.map(({ name, seconds }) => `${t(`stages.${name}`)}: ${seconds === null ? t("stages.none") : formatDuration(seconds)}`).join("; ");
  let x = 0;
  return (
    <Tooltip text={text}>
      <svg className="stage-bar" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} preserveAspectRatio="none" role="img" aria-label={text} tabIndex={0}>
        {parts.map(({ name, seconds }) => {
          const width = (Math.max(seconds ?? 0, 0) / longest) * WIDTH;
          const from = x;
          x += width;
          return <rect key={name} className={`stage-${name}`} x={from} y={0} width={Math.max(width - (width > 2 ? 1 : 0), 0)} height={HEIGHT} />;
        })}
      </svg>
    </Tooltip>
  );
}

/** What the colors of the bars mean. */
export function StageLegend() {
  return (
    <span className="stage-legend">
      {STAGES.map((name) => (
        <span key={name}>
          <svg width={9} height={9} viewBox="0 0 9 9" aria-hidden="true">
            <rect className={`stage-${name}`} width={9} height={9} rx={2} />
          </svg>
          {t(`stages.${name}`)}
        </span>
      ))}
    </span>
  );
}
