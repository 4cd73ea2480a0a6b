import { Link } from "@tanstack/react-router";
import { useQueryClient, type UseQueryResult } from "@tanstack/react-query";
import { useDeferredValue, type ReactNode } from "react";
import { askFailedAgain } from "../data/failed";
import { FILTER_KEYS, useFilter } from "../data/filter";
import { ProblemError } from "../data/problem";
import { t } from "../i18n/t";
import { Button } from "./button";
import { Icon, type IconName } from "./icon";

/** A placeholder of the size of what comes, so that nothing moves when it is there. */
export function Skeleton({ height = 16, width = "100%" }: { height?: number; width?: number | string }) {
  return <div className="skeleton" style={{ height, width }} />;
}

/** Nothing to show: why, and what to do about it. */
export function Empty({ title, children, action, icon = "info" }: { title: string; children?: ReactNode; action?: ReactNode; icon?: IconName }) {
  return (
    <div className="empty">
      <Icon name={icon} size={24} />
      <p className="empty-title">{title}</p>
      {children !== undefined && <div className="empty-text">{children}</div>}
      {action !== undefined && <div className="empty-action">{action}</div>}
    </div>
  );
}

/** What failed, and the way out of it. `title` says it where something else failed than loading. */
export function Problem({ error, title, onRetry }: { error: unknown; title?: string; onRetry?: () => void }) {
  const client = useQueryClient();
  const problem = error instanceof ProblemError ? error : undefined;
  const isNetwork = problem?.status === 0;
  const titles: Record<number, string> = { 0: t("problem.network"), 403: t("problem.forbidden"), 404: t("problem.not_found") };
  const detail = problem === undefined ? String(error) : isNetwork ? t("problem.network_text") : problem.message;
  const again = (retry: () => void) => {
    retry();
    askFailedAgain(client);
  };
  return (
    <div className="problem" role="alert">
      <Icon name="warning" size={20} />
      <div>
        <strong>{(isNetwork ? undefined : title) ?? titles[problem?.status ?? -1] ?? title ?? t("problem.title")}</strong>
        <p>{detail}</p>
        {problem !== undefined && problem.status >= 500 && <p className="note">{t("problem.server_text")}</p>}
        <p className="row">
          {onRetry !== undefined && <Button onPress={() => again(onRetry)}>{t("ui.retry")}</Button>}
          {problem?.status === 404 && <WayOut parameter={problem.problem.parameter} />}
        </p>
      </div>
    </div>
  );
}

/** From what is not there: without what the filter names, else to the overview. */
function WayOut({ parameter }: { parameter: string | null | undefined }) {
  const filter = useFilter();
  const named = FILTER_KEYS.find((key) => key === parameter);
  if (named === undefined || filter[named] === undefined) return <Link to="/">{t("shell.to_overview")}</Link>;
  const without = (search: Record<string, unknown>) => ({ ...search, [named]: undefined });
  return (
    <Link to="." search={without as never}>
      {t("problem.without_filter")}
    </Link>
  );
}

interface LoadedProps<Data> {
  query: Pick<UseQueryResult<Data>, "data" | "error" | "isPending" | "isPlaceholderData" | "refetch">;
  /** What stands there until the first answer: of the same size. */
  skeleton?: ReactNode;
  children: (data: Data) => ReactNode;
}

/** What a query answered: a skeleton before, the problem with a way out, and then the data, dimmed while another is awaited. */
export function Loaded<Data>({ query, skeleton, children }: LoadedProps<Data>) {
  const { data, error, isPlaceholderData, refetch } = query;
  // what is shown for the first time is rendered in slices, between which the page answers who uses it
  const isThere = useDeferredValue(data !== undefined);
  if (data === undefined || !isThere) {
    if (data === undefined && error !== null) return <Problem error={error} onRetry={() => void refetch()} />;
    return (
      <div aria-busy="true">
        <span className="visually-hidden">{t("ui.loading")}</span>
        {skeleton ?? <Skeleton height={160} />}
      </div>
    );
  }
  return (
    <div className={isPlaceholderData ? "stale" : undefined} aria-busy={isPlaceholderData}>
      {error !== null && <Problem error={error} onRetry={() => void refetch()} />}
      {children(data)}
    </div>
  );
}
