/** What is counted of an item. */
export interface CountedItem {
  statusCategory: "TO_DO" | "IN_PROGRESS" | "DONE";
  canceled: boolean;
  points: number | null;
  doneAt: string | null;
  createdAt: string;
}

/** What a sprint delivered, of the items that are in it. */
export interface Delivery {
  done: number;
  all: number;
  pointsDone: number | null;
  points: number | null;
  /** Items that were written down after it began. */
  added: number;
}

/** Counts the items of a sprint: those done before it ended, or until now. */
export function deliveryOf(sprint: { startedAt: string | null; endsAt: string | null; completedAt: string | null }, items: CountedItem[]): Delivery {
  const end = sprint.completedAt ?? sprint.endsAt;
  const kept = items.filter(({ canceled }) => !canceled);
  const isDone = ({ statusCategory, doneAt }: CountedItem) => statusCategory === "DONE" && doneAt !== null && (end === null || Date.parse(doneAt) <= Date.parse(end));
  const sum = (some: CountedItem[]) => some.reduce((total, { points }) => total + (points ?? 0), 0);
  const hasPoints = kept.some(({ points }) => points !== null);
  const began = sprint.startedAt;
  return {
    done: kept.filter(isDone).length,
    all: kept.length,
    pointsDone: hasPoints ? sum(kept.filter(isDone)) : null,
    points: hasPoints ? sum(kept) : null,
    added: began === null ? 0 : kept.filter(({ createdAt }) => Date.parse(createdAt) > Date.parse(began)).length,
  };
}
