import { useFilter } from "../../data/filter";
import { defined, useRest } from "../../data/queries";
import { useSetSearch } from "../../data/search";
import type { Definition } from "../../data/types";
import { t, tOr, type Key } from "../../i18n/t";
import { Segments, Select } from "../../ui";
import { hasDistribution } from "./distribution-view";
import type { View } from "./view";

interface ControlsProps {
  definition: Definition | undefined;
  definitions: Definition[];
  by: string | undefined;
  view: View;
  repository: string | undefined;
}

/** Slices that name persons. */
const OF_PERSONS = ["author", "review_pair"];

/** Values have percentiles where they are distributed. */
const VIEWS: View[] = ["chart", "table"];
const OF_DISTRIBUTED: View[] = ["chart", "percentiles", "table", "distribution"];

/** What is explored: the metric, by what, of which repository, and how it is shown. Window, interval and comparison are in the filter above. */
export function Controls({ definition, definitions, by, view, repository }: ControlsProps) {
  const setSearch = useSetSearch();
  const seesPeople = useSeesPeople();
  // most metrics have percentiles: until it is known, their place is kept
  const hasPercentiles = definition === undefined || hasDistribution(definition);
  const groups = [...new Set(definitions.map(({ group }) => group))].map((group) => ({
    label: tOr(`group.${group}`, group),
    options: definitions.filter((one) => one.group === group).map(({ name, title }) => ({ value: name, text: title })),
  }));
  const slices = (definition?.slices ?? []).filter((slice) => seesPeople || !OF_PERSONS.includes(slice));
  const byOptions = [{ value: "", text: t("explore.by_nothing") }, ...slices.map((slice) => ({ value: slice as string, text: t(`slice.${slice}` as Key) }))];
  return (
    <div className="explore-controls" role="group" aria-label={t("explore.controls")}>
      <Select label={t("explore.metric")} value={definition?.name ?? ""} groups={groups} onChange={(metric) => setSearch({ metric, slice: undefined })} />
      <Select label={t("explore.by")} value={by ?? ""} groups={[{ options: byOptions }]} onChange={(slice) => setSearch({ by: slice || undefined, slice: undefined })} />
      <RepositoryField value={repository} />
      <div className="field">
        <span className="field-label">{t("explore.view")}</span>
        <Segments label={t("explore.view")} value={view} options={(hasPercentiles ? OF_DISTRIBUTED : VIEWS).map((value) => ({ value, text: t(`explore.view_${value}`) }))} onChange={(value) => setSearch({ view: value === "chart" ? undefined : value })} />
      </div>
    </div>
  );
}

function RepositoryField({ value }: { value: string | undefined }) {
  const { tenant } = useFilter();
  const setSearch = useSetSearch();
  const { data } = useRest("/api/v1/repositories", defined({ tenant, limit: 200 }) as never);
  const ids = (data?.data ?? []).map(({ id }) => id);
  if (value !== undefined && !ids.includes(value)) ids.push(value);
  const options = [{ value: "", text: t("explore.every_repository") }, ...ids.map((id) => ({ value: id, text: id.split("/").slice(1).join("/") || id }))];
  return <Select label={t("explore.repository")} value={value ?? ""} groups={[{ options }]} onChange={(id) => setSearch({ repository: id || undefined })} />;
}

/** Whether data about single persons may be seen by who asks. */
function useSeesPeople(): boolean {
  const { tenant } = useFilter();
  const { data } = useRest("/api/v1/me", defined({ tenant }) as never);
  return data?.tenant?.sees_people ?? false;
}
