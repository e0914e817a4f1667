package driver;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.SdkField;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.core.protocol.MarshallingType;
import software.amazon.awssdk.core.traits.ListTrait;
import software.amazon.awssdk.core.traits.MapTrait;
import software.amazon.awssdk.core.util.SdkAutoConstructList;
import software.amazon.awssdk.core.util.SdkAutoConstructMap;
import software.amazon.awssdk.utils.builder.Buildable;

/** Between JSON and the SDK's classes, led by the description which each class has of itself. */
final class Shapes {
    private Shapes() {}

    static Object build(SdkPojo builder, JsonObject members) {
        for (SdkField<?> field : builder.sdkFields()) {
            JsonElement value = members.get(field.locationName());
            if (value != null) {
                field.set(builder, fromJson(field, value));
            }
        }
        return ((Buildable) builder).build();
    }

    private static Object fromJson(SdkField<?> field, JsonElement value) {
        MarshallingType<?> type = field.marshallingType();
        if (type == MarshallingType.INTEGER) {
            return value.getAsInt();
        } else if (type == MarshallingType.BOOLEAN) {
            return value.getAsBoolean();
        } else if (type == MarshallingType.SDK_BYTES) {
            String text = value.getAsJsonObject().get("base64").getAsString();
            return SdkBytes.fromByteArray(Base64.getDecoder().decode(text));
        } else if (type == MarshallingType.LIST) {
            SdkField<?> member = field.getTrait(ListTrait.class).memberFieldInfo();
            List<Object> items = new ArrayList<>();
            value.getAsJsonArray().forEach(item -> items.add(fromJson(member, item)));
            return items;
        } else if (type == MarshallingType.MAP) {
            SdkField<?> member = field.getTrait(MapTrait.class).valueFieldInfo();
            Map<String, Object> entries = new LinkedHashMap<>();
            value.getAsJsonObject()
                    .asMap()
                    .forEach((key, item) -> entries.put(key, fromJson(member, item)));
            return entries;
        } else if (type == MarshallingType.SDK_POJO) {
            return build(field.constructor().get(), value.getAsJsonObject());
        }
        return value.getAsString();
    }

    static JsonObject toJson(SdkPojo output) {
        JsonObject members = new JsonObject();
        for (SdkField<?> field : output.sdkFields()) {
            Object value = field.getValueOrDefault(output);
            // The SDK stands an empty collection in for one that did not arrive.
            if (value != null
                    && !(value instanceof SdkAutoConstructList)
                    && !(value instanceof SdkAutoConstructMap)) {
                members.add(field.locationName(), toJson(value));
            }
        }
        return members;
    }

    private static JsonElement toJson(Object value) {
        if (value instanceof SdkPojo pojo) {
            return toJson(pojo);
        } else if (value instanceof SdkBytes bytes) {
            JsonObject blob = new JsonObject();
            blob.addProperty("base64", Base64.getEncoder().encodeToString(bytes.asByteArray()));
            return blob;
        } else if (value instanceof List<?> list) {
            JsonArray items = new JsonArray();
            list.forEach(item -> items.add(toJson(item)));
            return items;
        } else if (value instanceof Map<?, ?> map) {
            JsonObject entries = new JsonObject();
            map.forEach((key, item) -> entries.add(key.toString(), toJson(item)));
            return entries;
        } else if (value instanceof Number number) {
            return new JsonPrimitive(number);
        } else if (value instanceof Boolean flag) {
            return new JsonPrimitive(flag);
        }
        return new JsonPrimitive(value.toString());
    }
}
