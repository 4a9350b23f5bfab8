/**
 * In which order objects are applied and deleted. Kinds have stages (`lib/manifests/order.ts`); an object may name others that have to come
 * before it (`depends-on.ts`), which is a graph (`arrange.ts`) that raises stages and makes levels within them. What an object waits for has
 * to be ready (`ready.ts`) before the object is written.
 */
export { type Arranged, type Arrangement, arrange, type Node } from './arrange.ts';
export { DEPENDS_ON } from './depends-on.ts';
