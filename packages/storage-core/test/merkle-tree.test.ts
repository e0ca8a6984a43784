import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CompactRange } from '../src/seals/compact-range.ts'
import { consistencyRanges, rootsOfPath } from '../src/seals/consistency-proof.ts'
import { inclusionRanges, rootOfPath } from '../src/seals/inclusion-proof.ts'
import { EMPTY_ROOT, type LeafRange, hashLeaf, hashNode, toHex } from '../src/seals/merkle-tree.ts'

/** The tests of RFC 6962 that everybody has: eight leaves, and the root after each. */
const VECTORS = [
  ['', '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'],
  ['00', 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'],
  ['10', 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77'],
  ['2021', 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7'],
  ['3031', '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4'],
  ['40414243', '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef'],
  ['5051525354555657', 'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c'],
  ['606162636465666768696a6b6c6d6e6f', '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'],
] as const

const MOST = 300
const LEAVES = Array.from({ length: MOST }, (_, index) => hashLeaf(Buffer.from(`leaf ${index}`)))
const other = hashLeaf(Buffer.from('another'))

/** Of a stretch of leaves, by the definition: the left half is the largest complete tree that is not the whole. */
function rootOf([start, end]: LeafRange): Uint8Array {
  if (end === start) return EMPTY_ROOT
  if (end === start + 1) return LEAVES[start] as Uint8Array
  const middle = start + 2 ** (31 - Math.clz32(end - start - 1))
  return hashNode(rootOf([start, middle]), rootOf([middle, end]))
}

const roots = Array.from({ length: MOST + 1 }, (_, size) => rootOf([0, size]))

const sizes = fc
  .tuple(fc.integer({ min: 1, max: MOST }), fc.integer({ min: 1, max: MOST }))
  .map(([one, two]) => [Math.min(one, two), Math.max(one, two)] as const)

test('the roots are those that are published', () => {
  const tree = new CompactRange()
  expect(toHex(tree.root)).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  for (const [hex, root] of VECTORS) {
    tree.add(hashLeaf(Buffer.from(hex, 'hex')))
    expect(toHex(tree.root)).toBe(root)
  }
})

test('the proofs are those that are published', () => {
  const stretch = ([start, end]: LeafRange): string => {
    const tree = new CompactRange()
    for (const [hex] of VECTORS.slice(start, end)) tree.add(hashLeaf(Buffer.from(hex, 'hex')))
    return toHex(tree.root).slice(0, 16)
  }
  const inclusion = (index: number, size: number) => inclusionRanges(index, size).map(stretch)
  const consistency = (from: number, to: number) => consistencyRanges(from, to).map(stretch)
  expect(inclusion(0, 8)).toEqual(['96a296d224f285c6', '5f083f0a1a33ca07', '6b47aaf29ee3c2af'])
  expect(inclusion(5, 8)).toEqual(['bc1a0643b12e4d2d', 'ca854ea128ed050b', 'd37ee418976dd957'])
  expect(consistency(1, 8)).toEqual(['96a296d224f285c6', '5f083f0a1a33ca07', '6b47aaf29ee3c2af'])
  expect(consistency(6, 8)).toEqual(['0ebc5d3437fbe2db', 'ca854ea128ed050b', 'd37ee418976dd957'])
  expect(consistency(2, 5)).toEqual(['5f083f0a1a33ca07', 'bc1a0643b12e4d2d'])
})

test('a tree that goes on from its complete subtrees has the root of the whole, at each size', () => {
  let tree = new CompactRange()
  for (const [index, leaf] of LEAVES.entries()) {
    expect(toHex(tree.root)).toBe(toHex(roots[index] as Uint8Array))
    tree = new CompactRange(tree.size, tree.peaks)
    tree.add(leaf)
  }
  expect(toHex(tree.root)).toBe(toHex(roots[MOST] as Uint8Array))
})

test('each leaf of each tree is proved, in as many hashes as the tree has levels at most', () => {
  for (let size = 1; size <= MOST; size++)
    for (let index = 0; index < size; index += size > 40 ? 7 : 1) {
      const path = inclusionRanges(index, size).map(rootOf)
      expect(path.length).toBeLessThanOrEqual(Math.ceil(Math.log2(size)))
      expect(rootOfPath(LEAVES[index] as Uint8Array, index, size, path)).toEqual(roots[size])
    }
})

test('a proof of a leaf fits no other leaf, place, size or path', () => {
  const places = sizes.filter(([, size]) => size > 1).map(([index, size]) => [index - 1, size] as const)
  const property = fc.property(places, fc.nat(), ([index, size], at) => {
    const path = inclusionRanges(index, size).map(rootOf)
    const leaf = LEAVES[index] as Uint8Array
    const root = toHex(roots[size] as Uint8Array)
    const toRoot = (...args: Parameters<typeof rootOfPath>): string => toHex(rootOfPath(...args) ?? other)
    const elsewhere = (index + 1) % size
    expect(toRoot(leaf, index, size, path)).toBe(root)
    expect(toRoot(other, index, size, path)).not.toBe(root)
    expect(toRoot(leaf, elsewhere, size, path)).not.toBe(root)
    expect(toRoot(leaf, size, size, path)).not.toBe(root)
    expect(toRoot(leaf, index, size, path.concat(other))).not.toBe(root)
    expect(toRoot(leaf, index, size, path.with(at % path.length, other))).not.toBe(root)
  })
  fc.assert(property, { numRuns: 300 })
})

test('each tree is proved to begin with each smaller one', () => {
  for (let to = 1; to <= MOST; to += to > 70 ? 23 : 1)
    for (let from = 1; from <= to; from++) {
      const path = consistencyRanges(from, to).map(rootOf)
      expect(rootsOfPath(from, to, roots[from] as Uint8Array, path)).toEqual([roots[from], roots[to]])
    }
})

test('a tree in which something else stands is not proved', () => {
  const property = fc.property(sizes, fc.nat(), ([from, to], at) => {
    const path = consistencyRanges(from, to).map(rootOf)
    const expected = [roots[from], roots[to]]
    const given = roots[from] as Uint8Array
    expect(rootsOfPath(from, to, given, path)).toEqual(expected)
    expect(rootsOfPath(from, to, given, [...path, other])).toBeNull()
    expect(rootsOfPath(to + 1, to, given, path)).toBeNull()
    // the whole tree needs no path: its root is compared with itself
    const [wrong, wrongPath] = from === to ? [other, path] : [given, path.with(at % path.length, other)]
    expect(rootsOfPath(from, to, wrong, wrongPath)).not.toEqual(expected)
  })
  fc.assert(property, { numRuns: 300 })
})
