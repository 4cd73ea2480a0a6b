/** A project counts as one of a team if this share of the changes that were read names its keys. */
const LEAST_SHARE = 0.05;

/** The projects of work items that a team's latest changes name in their titles, or whose repository they are in. */
export function projectsOf(projects: string[], changes: { title: string; repository?: string | null }[]): string[] {
  return projects.filter((project) => {
    const named = changes.filter(({ title, repository }) => repository === project || title.includes(`${project}-`));
    return named.length > 0 && named.length >= changes.length * LEAST_SHARE;
  });
}
