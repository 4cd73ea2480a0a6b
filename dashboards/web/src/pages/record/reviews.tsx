import { useFilter } from "../../data/filter";
import { defined, useList } from "../../data/queries";
import { t } from "../../i18n/t";
import { Badge, Card, Moment, Problem, Skeleton, type Tone } from "../../ui";
import { RawEvents } from "./raw-events";

const TONES: Record<string, Tone> = { approved: "good", changes_requested: "warn", commented: "neutral", dismissed: "neutral" };

/** The reviews of a change and comments on it, oldest first. */
export function Reviews({ change }: { change: string }) {
  const { tenant } = useFilter();
  const { rows, error, refetch } = useList("/api/v1/reviews", defined({ tenant, change, window: "all" }) as never);
  return (
    <Card title={t("record.reviews")}>
      {error !== null && <Problem error={error} onRetry={() => void refetch()} />}
      {rows === undefined && error === null && <Skeleton height={60} />}
      {rows?.length === 0 && <p className="note">{t("record.no_review")}</p>}
      {rows !== undefined && rows.length > 0 && (
        <ul className="evidence">
          {rows.map(({ id, state, submitted_at, reviewer }) => (
            <li key={id} className="review">
              <Badge tone={TONES[state] ?? "neutral"}>{t(`review.${state}`)}</Badge>
              {reviewer !== null && reviewer !== undefined && <span>{reviewer.split("/").slice(1).join("/")}</span>}
              <Moment at={submitted_at} isExact />
              <RawEvents fact={id} isQuiet />
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
