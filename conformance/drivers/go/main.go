// A driver for the AWS SDK for Go v2: one JSON request a line in, one JSON answer a line out.
// The contract is in conformance/README.md.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go/middleware"
)

type request struct {
	ID        int             `json:"id"`
	Service   string          `json:"service"`
	Action    string          `json:"action"`
	Input     json.RawMessage `json:"input"`
	Endpoint  string          `json:"endpoint"`
	Region    string          `json:"region"`
	AccessKey string          `json:"access_key"`
	SecretKey string          `json:"secret_key"`
	signing
}

type answer struct {
	ID         int       `json:"id"`
	Output     any       `json:"output,omitempty"`
	Error      *apiError `json:"error,omitempty"`
	Failure    string    `json:"failure,omitempty"`
	Unsendable string    `json:"unsendable,omitempty"`
}

func main() {
	var writing sync.Mutex
	out := json.NewEncoder(os.Stdout)
	lines := bufio.NewReader(os.Stdin)
	var running sync.WaitGroup
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		// A long poll must not hold up the send that wakes it: every request runs on its own.
		running.Go(func() {
			reply := perform(line)
			writing.Lock()
			defer writing.Unlock()
			if err := out.Encode(reply); err != nil {
				os.Exit(1)
			}
		})
	}
	running.Wait()
}

func perform(line []byte) answer {
	var req request
	if err := json.Unmarshal(line, &req); err != nil {
		return answer{Failure: err.Error()}
	}
	if req.Presigned != 0 {
		return answer{ID: req.ID, Unsendable: "the SDK presigns nothing of these services"}
	}
	method := reflect.ValueOf(clientFor(req)).MethodByName(req.Action)
	if !method.IsValid() {
		return answer{ID: req.ID, Unsendable: "the SDK has no method " + req.Action}
	}
	input := reflect.New(method.Type().In(1).Elem())
	if err := fill(input, req.Input); err != nil {
		return answer{ID: req.ID, Unsendable: err.Error()}
	}
	results := method.Call([]reflect.Value{reflect.ValueOf(context.Background()), input})
	if err, failed := results[1].Interface().(error); failed && err != nil {
		return errorAnswer(req.ID, err)
	}
	return answer{ID: req.ID, Output: plain(results[0])}
}

var clients sync.Map

// clientFor keeps one client per service, endpoint, region and identity, as a program would.
func clientFor(req request) any {
	key := fmt.Sprint(req.Service, " ", req.Endpoint, " ", req.Region, " ", req.AccessKey, " ",
		req.SecretKey, req.signing)
	if known, ok := clients.Load(key); ok {
		return known
	}
	known, _ := clients.LoadOrStore(key, newClient(req))
	return known
}

func newClient(req request) any {
	config := aws.Config{
		BaseEndpoint: aws.String(req.Endpoint),
		Region:       req.Region,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{
				AccessKeyID:     req.AccessKey,
				SecretAccessKey: req.SecretKey,
				SessionToken:    req.SessionToken,
			}, nil
		}),
		Retryer:    func() aws.Retryer { return aws.NopRetryer{} },
		APIOptions: []func(*middleware.Stack) error{sendUnchecked},
	}
	if req.Service == "sns" {
		return sns.NewFromConfig(config, func(options *sns.Options) {
			options.HTTPSignerV4 = signer{options.HTTPSignerV4, req.signing}
		})
	}
	return sqs.NewFromConfig(config, func(options *sqs.Options) {
		options.HTTPSignerV4 = signer{options.HTTPSignerV4, req.signing}
	})
}

// sendUnchecked drops the SDK's own check of required members: the service is to refuse.
func sendUnchecked(stack *middleware.Stack) error {
	// Actions without required members have no such step, which is no error here.
	_, _ = stack.Initialize.Remove("OperationInputValidation")
	return nil
}
