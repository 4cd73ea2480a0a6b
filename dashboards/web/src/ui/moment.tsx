import { formatAgo, formatTime } from "../format/time";
import { Tooltip } from "./tooltip";

/** A moment: how long ago, with the exact time on hover; `isExact` the other way around. */
export function Moment({ at, isExact = false }: { at: string | null | undefined; isExact?: boolean }) {
  if (at === null || at === undefined) return <span className="value-none">–</span>;
  const [shown, other] = isExact ? [formatTime(at), formatAgo(at)] : [formatAgo(at), formatTime(at)];
  return (
    <Tooltip text={other}>
      <time dateTime={at} tabIndex={0}>
        {shown}
      </time>
    </Tooltip>
  );
}
