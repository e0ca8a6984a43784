/** `AbortSignal` as the project's types have it, Node's or the browser's; where it has neither, what anybody uses of it. */
export type EffectSignal = typeof globalThis extends { AbortSignal: { prototype: infer Signal } }
  ? Signal
  : {
      readonly aborted: boolean
      readonly reason: unknown
      throwIfAborted(): void
      addEventListener(type: 'abort', listener: () => void): void
    }
