// A witness of the C2SP tlog-witness protocol for one log, made of Go's checksum database alone: it cosigns a checkpoint
// if the log's key signed it and sumdb/tlog says that its tree continues the one it saw before.
//
//	witness LOG_KEY
//
// LOG_KEY is the log's verifier key. Prints its own verifier key and its URL, a line each, and serves until its input
// ends.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const name = "witness.test/w1"

var (
	lock sync.Mutex
	seen tlog.Tree
)

func fatal(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	verifier, err := note.NewVerifier(os.Args[1])
	fatal(err)
	public, private, err := ed25519.GenerateKey(rand.Reader)
	fatal(err)
	typed := append([]byte{4}, public...)
	sum := sha256.Sum256(append([]byte(name+"\n"), typed...))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	fatal(err)
	http.HandleFunc("/add-checkpoint", func(w http.ResponseWriter, r *http.Request) {
		add(w, r, verifier, private, sum[:4])
	})
	go http.Serve(listener, nil)
	fmt.Printf("%s+%08x+%s\n", name, binary.BigEndian.Uint32(sum[:4]), base64.StdEncoding.EncodeToString(typed))
	fmt.Printf("http://%s/\n", listener.Addr())
	io.Copy(io.Discard, os.Stdin)
}

func add(w http.ResponseWriter, r *http.Request, verifier note.Verifier, private ed25519.PrivateKey, id []byte) {
	body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	head, checkpoint, found := bytes.Cut(body, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	old, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "old "), 10, 64)
	if r.Method != "POST" || !found || err != nil || !strings.HasPrefix(lines[0], "old ") {
		http.Error(w, "no request", 400)
		return
	}
	opened, err := note.Open(checkpoint, note.VerifierList(verifier))
	if err != nil {
		http.Error(w, err.Error(), 403)
		return
	}
	text := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(text[1], 10, 64)
	root, err2 := tlog.ParseHash(text[2])
	if err != nil || err2 != nil || old > size {
		http.Error(w, "no checkpoint", 400)
		return
	}
	lock.Lock()
	defer lock.Unlock()
	if old != seen.N {
		w.Header().Set("Content-Type", "text/x.tlog.size")
		w.WriteHeader(409)
		fmt.Fprintf(w, "%d\n", seen.N)
		return
	}
	if old > 0 && old == size && root != seen.Hash {
		http.Error(w, "another root", 409)
		return
	}
	if old > 0 && old < size {
		var proof tlog.TreeProof
		for _, line := range lines[1:] {
			hash, err := tlog.ParseHash(line)
			if err != nil {
				http.Error(w, err.Error(), 400)
				return
			}
			proof = append(proof, hash)
		}
		if err := tlog.CheckTree(proof, size, root, old, seen.Hash); err != nil {
			http.Error(w, err.Error(), 422)
			return
		}
	} else if len(lines) > 1 {
		http.Error(w, "a proof of nothing", 422)
		return
	}
	seen = tlog.Tree{N: size, Hash: root}
	now := time.Now().Unix()
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", now, opened.Text)
	signature := binary.BigEndian.AppendUint64(append([]byte{}, id...), uint64(now))
	signature = append(signature, ed25519.Sign(private, []byte(message))...)
	fmt.Fprintf(w, "\u2014 other.test/w AAAAAAAA\n\u2014 %s %s\n", name, base64.StdEncoding.EncodeToString(signature))
}
