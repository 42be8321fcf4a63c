// go-oidc reads a provider's OpenID Connect metadata and verifies an ID token signed with ES256: oidc ISSUER.
//
// Its verifier takes the algorithms from the metadata. The token is signed here, with a key of this program's own.
package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
)

func signed(key *ecdsa.PrivateKey, issuer string) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, nil)
	if err != nil {
		return "", err
	}
	claims, err := json.Marshal(map[string]any{
		"iss": issuer, "aud": "polyglot", "sub": "alice", "exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix(),
	})
	if err != nil {
		return "", err
	}
	token, err := signer.Sign(claims)
	if err != nil {
		return "", err
	}
	return token.CompactSerialize()
}

func run(issuer string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	provider, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		return err
	}
	var metadata struct {
		Algorithms []string `json:"id_token_signing_alg_values_supported"`
		JWKS       string   `json:"jwks_uri"`
	}
	if err := provider.Claims(&metadata); err != nil {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	token, err := signed(key, issuer)
	if err != nil {
		return err
	}
	own := &oidc.StaticKeySet{PublicKeys: []crypto.PublicKey{key.Public()}}
	// provider.Verifier copies the algorithms that the metadata lists into the configuration of a verifier like this one.
	config := &oidc.Config{ClientID: "polyglot", SupportedSigningAlgs: metadata.Algorithms}
	if _, err := oidc.NewVerifier(issuer, own, config).Verify(ctx, token); err != nil {
		return err
	}
	// With the provider's own keys the signature is unknown, but the algorithm is accepted and the keys are loaded.
	_, err = provider.Verifier(&oidc.Config{ClientID: "polyglot"}).Verify(ctx, token)
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"event": "metadata", "issuer": issuer, "algorithms": metadata.Algorithms, "foreign": fmt.Sprint(err),
	})
}

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
