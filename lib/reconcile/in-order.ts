/**
 * Maps a few items at a time and yields the results in the order of the items. No more than `concurrency` results are ever held, however
 * slowly they are taken. The first rejection ends it.
 */
export async function* inOrder<Item, Result>(
  items: Iterable<Item> | AsyncIterable<Item>,
  concurrency: number,
  map: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const underWay: Promise<Result>[] = [];
  for await (const item of items) {
    const result = map(item);
    // Whoever takes it meets the rejection; until then it is not unhandled.
    result.catch(() => undefined);
    underWay.push(result);
    const oldest = underWay.length < concurrency ? undefined : underWay.shift();
    if (oldest !== undefined) yield await oldest;
  }
  for (const result of underWay) yield await result;
}
