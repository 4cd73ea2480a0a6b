import { Card, PageHead, Skeleton } from "../../ui";

/** What stands there until one record is loaded. */
export function RecordSkeleton({ title }: { title: string }) {
  return (
    <div className="stack">
      <PageHead title={title} note=" " />
      <div className="stack">
        <Card>
          <Skeleton height={58} />
        </Card>
        <div className="split">
          <Card>
            <Skeleton height={380} />
          </Card>
          <Card>
            <Skeleton height={220} />
          </Card>
        </div>
      </div>
    </div>
  );
}
