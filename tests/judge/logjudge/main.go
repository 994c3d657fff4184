// The independent judge of the evidence log: it shares no code with the product and believes only
// golang.org/x/mod/sumdb. From the raw leaves it computes every tree itself; notes, proofs and tiles are
// then held against these trees.
//
// It reads one JSON document from standard input and answers "ok" with its counts, or the first thing
// that is wrong and exit status 1.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type inclusion struct {
	Index int64
	Size  int64
	Proof tlog.RecordProof
}

type consistency struct {
	Old   int64
	Size  int64
	Proof tlog.TreeProof
}

type tile struct {
	Path string // as C2SP tlog-tiles writes it, without Go's height element
	Data []byte
}

type evidence struct {
	Origin      string
	VKey        string
	Leaves      [][]byte
	Notes       []string
	Inclusion   []inclusion
	Consistency []consistency
	Tiles       []tile
}

// store keeps the hashes of every complete subtree in the order sumdb/tlog defines.
type store []tlog.Hash

func (s store) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(s)) {
			return nil, fmt.Errorf("no hash %d", index)
		}
		hashes[i] = s[index]
	}
	return hashes, nil
}

func main() {
	var given evidence
	decoder := json.NewDecoder(os.Stdin)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&given); err != nil {
		fail("input: %v", err)
	}
	var hashes store
	for i, leaf := range given.Leaves {
		more, err := tlog.StoredHashes(int64(i), leaf, hashes)
		if err != nil {
			fail("leaf %d: %v", i, err)
		}
		hashes = append(hashes, more...)
	}
	root := func(size int64) tlog.Hash {
		hash, err := tlog.TreeHash(size, hashes)
		if err != nil {
			fail("tree of size %d: %v", size, err)
		}
		return hash
	}
	checkNotes(given, root)
	for _, p := range given.Inclusion {
		leaf := tlog.RecordHash(given.Leaves[p.Index])
		if err := tlog.CheckRecord(p.Proof, p.Size, root(p.Size), p.Index, leaf); err != nil {
			fail("inclusion of %d in %d: %v", p.Index, p.Size, err)
		}
	}
	for _, p := range given.Consistency {
		if err := tlog.CheckTree(p.Proof, p.Size, root(p.Size), p.Old, root(p.Old)); err != nil {
			fail("consistency of %d and %d: %v", p.Old, p.Size, err)
		}
	}
	checkTiles(given, hashes)
	fmt.Printf("ok %d leaves %d notes %d inclusion %d consistency %d tiles\n", len(given.Leaves),
		len(given.Notes), len(given.Inclusion), len(given.Consistency), len(given.Tiles))
}

// checkNotes opens each checkpoint with the key and compares its three lines with our own tree.
func checkNotes(given evidence, root func(int64) tlog.Hash) {
	if len(given.Notes) == 0 {
		return
	}
	verifier, err := note.NewVerifier(given.VKey)
	if err != nil {
		fail("key: %v", err)
	}
	if verifier.Name() != given.Origin {
		fail("the key is named %q, the log %q", verifier.Name(), given.Origin)
	}
	for _, text := range given.Notes {
		opened, err := note.Open([]byte(text), note.VerifierList(verifier))
		if err != nil {
			fail("note: %v", err)
		}
		lines := strings.Split(opened.Text, "\n")
		if len(lines) != 4 || lines[0] != given.Origin || lines[3] != "" {
			fail("note: not a checkpoint of %s: %q", given.Origin, opened.Text)
		}
		size, err := strconv.ParseInt(lines[1], 10, 64)
		if err != nil {
			fail("note: %v", err)
		}
		claimed, err := base64.StdEncoding.DecodeString(lines[2])
		if err != nil {
			fail("note: %v", err)
		}
		if expected := root(size); !bytes.Equal(claimed, expected[:]) {
			fail("checkpoint of size %d: its root is not that of the leaves", size)
		}
	}
}

// checkTiles demands exactly the tiles a tree of this size has, bit for bit.
func checkTiles(given evidence, hashes store) {
	if len(given.Tiles) == 0 {
		return
	}
	data := make(map[string][]byte)
	for _, t := range given.Tiles {
		data[t.Path] = t.Data
	}
	// NewTiles also lists every narrower form of a partial tile; the last of each place is the widest.
	widest := make(map[tlog.Tile]tlog.Tile)
	for _, t := range tlog.NewTiles(8, 0, int64(len(given.Leaves))) {
		widest[tlog.Tile{L: t.L, N: t.N}] = t
	}
	for _, t := range widest {
		path := strings.Replace(t.Path(), "tile/8/", "tile/", 1)
		expected, err := tlog.ReadTileData(t, hashes)
		if err != nil {
			fail("%s: %v", path, err)
		}
		if !bytes.Equal(data[path], expected) {
			fail("%s is not the tile of these leaves", path)
		}
	}
	if len(data) != len(widest) {
		fail("%d tiles are given where the tree has %d", len(data), len(widest))
	}
}

func fail(format string, args ...interface{}) {
	fmt.Printf(format+"\n", args...)
	os.Exit(1)
}
