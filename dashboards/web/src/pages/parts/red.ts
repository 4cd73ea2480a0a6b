/** A run of a pipeline, as far as it matters here. */
export interface PipelineRun {
  repository?: string | null;
  name: string;
  branch?: string | null;
  outcome?: string | null;
  finished_at?: string | null;
}

/** A pipeline whose last run on a default branch failed. */
export interface RedPipeline {
  repository: string;
  name: string;
  /** When the first of its last failures without a success between them finished. */
  since: string;
}

/** The pipelines that are red: of the runs on default branches, newest first, the last one that ended well or badly failed. */
export function redPipelines(runs: PipelineRun[], defaultBranches: Map<string, string>): RedPipeline[] {
  const red = new Map<string, RedPipeline>();
  const settled = new Set<string>();
  for (const { repository, name, branch, outcome, finished_at } of runs) {
    if (repository === null || repository === undefined || finished_at === null || finished_at === undefined) continue;
    if (branch === null || branch === undefined || defaultBranches.get(repository) !== branch) continue;
    const key = `${repository} ${name}`;
    if (settled.has(key)) continue;
    if (outcome === "success") settled.add(key);
    if (outcome === "failure") red.set(key, { repository, name, since: finished_at });
  }
  return [...red.values()];
}
