package main

import (
	"errors"
	"reflect"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

type apiError struct {
	Code    string `json:"code"`
	Name    string `json:"name,omitempty"`
	Status  int    `json:"status"`
	Message string `json:"message"`
}

// errorAnswer tells an answer of the service from a call that failed on this side.
func errorAnswer(id int, err error) answer {
	var api smithy.APIError
	var response *awshttp.ResponseError
	if !errors.As(err, &api) || !errors.As(err, &response) {
		return answer{ID: id, Failure: err.Error()}
	}
	return answer{ID: id, Error: &apiError{
		Code:    api.ErrorCode(),
		Name:    modelledName(api),
		Status:  response.HTTPStatusCode(),
		Message: api.ErrorMessage(),
	}}
}

// modelledName is the Go type's name, empty for errors which the SDK has no type for.
func modelledName(api smithy.APIError) string {
	kind := reflect.TypeOf(api)
	if kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	for _, service := range []string{"/sns/types", "/sqs/types"} {
		if strings.HasSuffix(kind.PkgPath(), service) {
			return kind.Name()
		}
	}
	return ""
}
