/** A list with one of its things a place earlier or later; the same where there is no such place. */
export function moved<T>(list: T[], index: number, by: -1 | 1): T[] {
  const [one, other] = [list[index], list[index + by]];
  if (one === undefined || other === undefined) return list;
  return list.map((kept, nth) => (nth === index ? other : nth === index + by ? one : kept));
}
