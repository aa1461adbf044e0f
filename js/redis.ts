/**
 * Redis as the store of several instances of an app.
 *
 * @module
 */
export {
  type IoredisClient,
  type NodeRedisClient,
  type RedisClient,
  type RedisStoreOptions,
  redisStore,
  type UpstashClient,
} from "./server/store/redis.ts";
export type { Store } from "./server/store.ts";
