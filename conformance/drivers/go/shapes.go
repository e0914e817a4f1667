package main

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// fill reads an input as written in the expectations into the SDK's struct.
func fill(input reflect.Value, raw json.RawMessage) error {
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return err
	}
	flattened, err := json.Marshal(flattenBlobs(value))
	if err != nil {
		return err
	}
	return json.Unmarshal(flattened, input.Interface())
}

// flattenBlobs turns {"base64": "..."} into the bare string that encoding/json wants for []byte.
func flattenBlobs(value any) any {
	switch v := value.(type) {
	case map[string]any:
		if text, ok := v["base64"]; ok && len(v) == 1 {
			return text
		}
		for key := range v {
			v[key] = flattenBlobs(v[key])
		}
	case []any:
		for i := range v {
			v[i] = flattenBlobs(v[i])
		}
	}
	return value
}

// plain turns an SDK output into maps, lists and scalars, and leaves out what is not there.
func plain(value reflect.Value) any {
	switch value.Kind() {
	case reflect.Pointer, reflect.Interface:
		if value.IsNil() {
			return nil
		}
		return plain(value.Elem())
	case reflect.Struct:
		return plainStruct(value)
	case reflect.Map:
		members := map[string]any{}
		for _, key := range value.MapKeys() {
			members[key.String()] = plain(value.MapIndex(key))
		}
		return members
	case reflect.Slice:
		if value.Type().Elem().Kind() == reflect.Uint8 {
			return map[string]any{"base64": value.Bytes()}
		}
		items := make([]any, value.Len())
		for i := range items {
			items[i] = plain(value.Index(i))
		}
		return items
	default:
		return value.Interface()
	}
}

func plainStruct(value reflect.Value) any {
	members := map[string]any{}
	for i := range value.NumField() {
		field := value.Type().Field(i)
		if !field.IsExported() || field.Name == "ResultMetadata" || isNil(value.Field(i)) {
			continue
		}
		members[modelName(value.Type(), field.Name)] = plain(value.Field(i))
	}
	return members
}

// modelName undoes Go's capital where the model spells members of an output with a small letter.
func modelName(shape reflect.Type, field string) string {
	switch shape {
	case reflect.TypeFor[sqs.ListDeadLetterSourceQueuesOutput]():
		if field != "QueueUrls" {
			return field
		}
	case reflect.TypeFor[sns.CheckIfPhoneNumberIsOptedOutOutput](),
		reflect.TypeFor[sns.GetSMSAttributesOutput](),
		reflect.TypeFor[sns.ListPhoneNumbersOptedOutOutput]():
	default:
		return field
	}
	return strings.ToLower(field[:1]) + field[1:]
}

func isNil(value reflect.Value) bool {
	switch value.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice:
		return value.IsNil()
	}
	return false
}
