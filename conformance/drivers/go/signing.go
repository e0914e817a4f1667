package main

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// signing says what is unusual about a request's signature.
type signing struct {
	SessionToken string        `json:"session_token"`
	SigningName  string        `json:"signing_name"`
	ClockOffset  time.Duration `json:"clock_offset"`
	Unsigned     bool          `json:"unsigned"`
	Presigned    int           `json:"presigned"`
}

// signer is the SDK's, but for what is unusual.
type signer struct {
	v4.HTTPSigner
	signing signing
}

func (s signer) SignHTTP(
	ctx context.Context, credentials aws.Credentials, r *http.Request, payloadHash string,
	service string, region string, signedAt time.Time, options ...func(*v4.SignerOptions),
) error {
	if s.signing.Unsigned {
		return nil
	}
	if s.signing.SigningName != "" {
		service = s.signing.SigningName
	}
	signedAt = signedAt.Add(s.signing.ClockOffset * time.Second)
	return s.HTTPSigner.SignHTTP(
		ctx, credentials, r, payloadHash, service, region, signedAt, options...)
}
