import { questionOf, useFilter } from "../../data/filter";
import { useItemTimes } from "../../data/items";
import { defined, useList } from "../../data/queries";
import { formatNumber } from "../../format/value";
import { t } from "../../i18n/t";
import { Card, Loaded, Skeleton } from "../../ui";

type Category = "to_do" | "in_progress";

interface OpenItem {
  kind: string | null;
  status: string;
  category: Category;
}

/** How many open items of each type are in each status; a number shows them. */
export function StatusMatrix({ project, onPick }: { project: string | undefined; onPick: (kind: string | undefined, category: Category) => void }) {
  const { window: _, from: __, to: ___, ...scope } = questionOf(useFilter());
  const working = useItemTimes("in_progress", project);
  const waiting = useList("/api/v1/work-items", defined({ ...scope, project, state: "to_do" }) as never, { limit: 200 });
  const items: OpenItem[] = [
    ...(waiting.rows?.map(({ kind, status }) => ({ kind, status, category: "to_do" as const })) ?? []),
    ...(working.data?.data.items.map(({ kind, status }) => ({ kind, status, category: "in_progress" as const })) ?? []),
  ];
  const isShort = working.data?.data.shortened === true || waiting.hasNextPage;
  return (
    <Card title={t("product.statuses")} note={isShort ? t("product.statuses_short", { n: items.length }) : undefined} flush>
      <Loaded query={{ ...working, error: working.error ?? waiting.error }} skeleton={<Skeleton height={150} />}>
        {() => <Matrix items={items} onPick={onPick} />}
      </Loaded>
    </Card>
  );
}

function Matrix({ items, onPick }: { items: OpenItem[]; onPick: (kind: string | undefined, category: Category) => void }) {
  const kinds = [...new Set(items.map(({ kind }) => kind))].sort((a, b) => (a ?? "").localeCompare(b ?? ""));
  const statuses = [...new Map(items.map(({ status, category }) => [`${category} ${status}`, { status, category }])).values()].sort((a, b) => b.category.localeCompare(a.category));
  const count = (kind: string | null | undefined, status?: string, category?: Category) => items.filter((item) => (kind === undefined || item.kind === kind) && (status === undefined || (item.status === status && item.category === category))).length;
  return (
    <div className="table-scroll" role="region" aria-label={t("table.scroll", { title: t("product.statuses") })} tabIndex={0}>
      <table className="table matrix">
        <caption className="visually-hidden">{t("product.statuses")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("product.type")}</th>
            {statuses.map(({ status, category }) => (
              <th key={`${category} ${status}`} scope="col">
                {status}
              </th>
            ))}
            <th scope="col">{t("product.total")}</th>
          </tr>
        </thead>
        <tbody>
          {kinds.map((kind) => (
            <tr key={kind ?? ""}>
              <th scope="row">{kind ?? t("product.type_none")}</th>
              {statuses.map(({ status, category }) => (
                <td key={`${category} ${status}`}>
                  <Count n={count(kind, status, category)} onPick={kind === null ? undefined : () => onPick(kind, category)} />
                </td>
              ))}
              <td>{formatNumber(count(kind))}</td>
            </tr>
          ))}
          <tr>
            <th scope="row">{t("product.total")}</th>
            {statuses.map(({ status, category }) => (
              <td key={`${category} ${status}`}>
                <Count n={count(undefined, status, category)} onPick={() => onPick(undefined, category)} />
              </td>
            ))}
            <td>
              <strong>{formatNumber(items.length)}</strong>
            </td>
          </tr>
        </tbody>
      </table>
    </div>
  );
}

function Count({ n, onPick }: { n: number; onPick?: () => void }) {
  if (n === 0 || onPick === undefined) return formatNumber(n);
  return (
    <button type="button" className="link" onClick={onPick}>
      {formatNumber(n)}
    </button>
  );
}
