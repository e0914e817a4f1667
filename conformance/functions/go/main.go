// The handler that conformance/functions/README.md describes, by aws-lambda-go.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type event = map[string]any

var actions = map[any]func(context.Context, event) (any, error){
	"echo":  func(_ context.Context, e event) (any, error) { return e, nil },
	"about": about,
	"fail":  func(context.Context, event) (any, error) { return nil, errors.New("no such room") },
	"crash": func(context.Context, event) (any, error) { os.Exit(1); return nil, nil },
	"hang":  func(context.Context, event) (any, error) { time.Sleep(10 * time.Minute); return nil, nil },
	"child": child,
	"print": func(context.Context, event) (any, error) {
		for {
			fmt.Println("noise")
		}
	},
	"large": func(context.Context, event) (any, error) {
		return strings.Repeat("x", 7*1024*1024), nil
	},
	"batch": batch,
}

func about(ctx context.Context, _ event) (any, error) {
	about, _ := lambdacontext.FromContext(ctx)
	deadline, _ := ctx.Deadline()
	return event{
		"requestId":   about.AwsRequestID,
		"arn":         about.InvokedFunctionArn,
		"name":        lambdacontext.FunctionName,
		"version":     lambdacontext.FunctionVersion,
		"remainingMs": time.Until(deadline).Milliseconds(),
		"pid":         os.Getpid(),
	}, nil
}

func child(context.Context, event) (any, error) {
	command := exec.Command("sleep", "600")
	if err := command.Start(); err != nil {
		return nil, err
	}
	return command.Process.Pid, nil
}

func batch(_ context.Context, e event) (any, error) {
	failures := []event{}
	for _, record := range e["Records"].([]any) {
		if message := record.(event); message["body"] == "fail" {
			failures = append(failures, event{"itemIdentifier": message["messageId"]})
		}
	}
	return event{"batchItemFailures": failures}, nil
}

func main() {
	lambda.Start(func(ctx context.Context, e event) (any, error) {
		do, said := e["do"]
		if !said {
			do = os.Getenv("DO")
		}
		return actions[do](ctx, e)
	})
}
