// Checks the audit log with the tools of Go's checksum database and nothing of Sallyport's: the notes of
// golang.org/x/mod/sumdb/note, the tiles and proofs of golang.org/x/mod/sumdb/tlog.
//
//	checklog DIRECTORY
//
// The directory holds keys (a verifier key a line), checkpoint, older (a checkpoint), consistency (base64 hashes),
// proof (a tlog-proof) and tile/... as the server gave them.
package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

var directory = os.Args[1]

func check(err error, what string) {
	if err != nil {
		fmt.Println("FAILED:", what+":", err)
		os.Exit(1)
	}
}

func read(name string) string {
	data, err := os.ReadFile(filepath.Join(directory, name))
	check(err, "reading "+name)
	return string(data)
}

func hashes(lines []string) []tlog.Hash {
	var all []tlog.Hash
	for _, line := range lines {
		hash, err := tlog.ParseHash(line)
		check(err, "a hash")
		all = append(all, hash)
	}
	return all
}

// open verifies a checkpoint's signature and reads it. (tlog.ParseTree wants the first line of Go's own log.)
func open(text string, keys note.Verifiers) tlog.Tree {
	opened, err := note.Open([]byte(text), keys)
	check(err, "opening a checkpoint")
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != opened.Sigs[0].Name {
		check(fmt.Errorf("%q", opened.Text), "the text of a checkpoint")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err, "the size of a checkpoint")
	return tlog.Tree{N: size, Hash: hashes(lines[2:3])[0]}
}

type tiles struct{}

func (tiles) Height() int                               { return 8 }
func (tiles) SaveTiles(tiles []tlog.Tile, data [][]byte) {}
func (tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, tile := range wanted {
		bytes, err := os.ReadFile(filepath.Join(directory, strings.Replace(tile.Path(), "tile/8/", "tile/", 1)))
		if err != nil {
			return nil, err
		}
		data = append(data, bytes)
	}
	return data, nil
}

// entries reads all entry bundles of a tree.
func entries(size int64) [][]byte {
	var all [][]byte
	for first := int64(0); first < size; first += 256 {
		tile := tlog.Tile{H: 8, L: 0, N: first / 256, W: 256}
		if size-first < 256 {
			tile.W = int(size - first)
		}
		bundle := []byte(read(strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1)))
		for len(bundle) > 0 {
			length := int(bundle[0])<<8 | int(bundle[1])
			all = append(all, bundle[2:2+length])
			bundle = bundle[2+length:]
		}
	}
	return all
}

func main() {
	var verifiers []note.Verifier
	for _, vkey := range strings.Fields(read("keys")) {
		verifier, err := note.NewVerifier(vkey)
		check(err, "the verifier key "+vkey)
		verifiers = append(verifiers, verifier)
	}
	keys := note.VerifierList(verifiers...)
	tree := open(read("checkpoint"), keys)

	// Reading a hash through this reader proves the tiles on its way against the signed root.
	hashReader := tlog.TileHashReader(tree, tiles{})
	leaves := entries(tree.N)
	if int64(len(leaves)) != tree.N {
		check(fmt.Errorf("%d", len(leaves)), "the number of entries")
	}
	for index, leaf := range leaves {
		stored, err := hashReader.ReadHashes([]int64{tlog.StoredHashIndex(0, int64(index))})
		check(err, "reading the tree")
		if stored[0] != tlog.RecordHash(leaf) {
			check(fmt.Errorf("leaf %d", index), "an entry is not what the tree has")
		}
	}
	root, err := tlog.TreeHash(tree.N, hashReader)
	check(err, "the root")
	if root != tree.Hash {
		check(fmt.Errorf("%v", root), "the root")
	}

	older := open(read("older"), keys)
	check(tlog.CheckTree(hashes(strings.Fields(read("consistency"))), tree.N, tree.Hash, older.N, older.Hash), "consistency")

	proof := strings.SplitN(read("proof"), "\n\n", 2)
	lines := strings.Split(proof[0], "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" {
		check(fmt.Errorf("%q", lines[0]), "the proof's first line")
	}
	leaf, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	check(err, "the proof's leaf")
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	check(err, "the proof's index")
	proven := open(proof[1], keys)
	check(tlog.CheckRecord(hashes(lines[3:]), proven.N, proven.Hash, index, tlog.RecordHash(leaf)), "inclusion")

	fmt.Printf("sound: %d entries\n", tree.N)
}
