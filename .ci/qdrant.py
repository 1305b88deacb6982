"""The part of Qdrant's REST API that memory-qdrant uses, over Qdrant's own engine as the package
qdrant-edge-py ships it. Its server is in no package registry; what filters, conditional writes, orders and
searches do is decided by the engine. Run by .ci/qdrant: qdrant.py PORT DIRECTORY."""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import UUID

import qdrant_edge as edge

MODES = {
    "upsert": edge.UpdateMode.Upsert,
    "insert_only": edge.UpdateMode.InsertOnly,
    "update_only": edge.UpdateMode.UpdateOnly,
}
SCHEMAS = {"keyword": edge.PayloadSchemaType.Keyword, "integer": edge.PayloadSchemaType.Integer}


class Refused(Exception):
    """A status and what is wrong."""


def condition(json_condition):
    key = json_condition["key"]
    if "range" in json_condition:
        return edge.FieldCondition(key=key, range=edge.RangeFloat(**json_condition["range"]))
    match = json_condition["match"]
    match = edge.MatchAny(match["any"]) if "any" in match else edge.MatchValue(match["value"])
    return edge.FieldCondition(key=key, match=match)


def filter_of(json_filter):
    if json_filter is None:
        return None
    clauses = {name: [condition(c) for c in conditions] for name, conditions in json_filter.items()}
    return edge.Filter(**clauses)


def sparse(vector):
    return edge.SparseVector(vector["indices"], vector["values"])


def scoring(body):
    query = body["query"]
    if isinstance(query, list):
        return edge.Query.Nearest(query, using=body["using"])
    if "order_by" in query:
        order = query["order_by"]
        direction = edge.Direction.Desc if order.get("direction") == "desc" else edge.Direction.Asc
        return edge.OrderBy(order["key"], direction=direction)
    return edge.Query.Nearest(sparse(query), using=body["using"])


def prefetches(body):
    if "prefetch" not in body:
        return []
    inner = body["prefetch"]
    return [edge.Prefetch(query=scoring(inner), limit=inner["limit"], filter=filter_of(inner.get("filter")))]


def shown(point):
    value = {"id": str(point.id), "payload": point.payload}
    return value | ({"score": point.score} if hasattr(point, "score") else {})


class Collection:
    def __init__(self, directory, body):
        directory.mkdir(parents=True)
        words = {
            name: edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf)
            for name in body["sparse_vectors"]
        }
        self.shard = edge.EdgeShard.create(str(directory), edge.EdgeConfig(vectors={}, sparse_vectors=words))
        self.sparse_vectors = body["sparse_vectors"]
        self.vectors = {}

    def describe(self, _):
        schema = {name: {} for name in self.shard.info().payload_schema}
        params = {"vectors": self.vectors, "sparse_vectors": self.sparse_vectors}
        return {"status": "green", "config": {"params": params}, "payload_schema": schema}

    def update(self, operation):
        self.shard.update(operation)
        return {"operation_id": 1, "status": "completed"}

    def index(self, body):
        operation = edge.UpdateOperation.create_field_index(body["field_name"], SCHEMAS[body["field_schema"]])
        return self.update(operation)

    def add_vector(self, name, body):
        if name in self.vectors:
            return {"operation_id": 1, "status": "completed"}
        self.vectors[name] = body["dense"]
        return self.update(edge.UpdateOperation.create_dense_vector(name, body["dense"]["size"], edge.Distance.Cosine))

    def upsert(self, body):
        points = []
        for point in body["points"]:
            vectors = {
                name: vector if isinstance(vector, list) else sparse(vector)
                for name, vector in point["vector"].items()
            }
            points.append(edge.Point(UUID(point["id"]), vectors, point["payload"]))
        mode = MODES[body.get("update_mode", "upsert")]
        return self.update(edge.UpdateOperation.upsert_points(points, update_mode=mode))

    def delete(self, body):
        if "points" in body:
            return self.update(edge.UpdateOperation.delete_points([UUID(point) for point in body["points"]]))
        return self.update(edge.UpdateOperation.delete_points_by_filter(filter_of(body["filter"])))

    def set_payload(self, body):
        operation = edge.UpdateOperation.set_payload_by_filter(filter_of(body["filter"]), body["payload"])
        return self.update(operation)

    def retrieve(self, body):
        ids = [UUID(point) for point in body["ids"]]
        found = self.shard.retrieve(ids, with_payload=body["with_payload"], with_vector=False)
        return [shown(point) for point in found]

    def scroll(self, body):
        offset = body.get("offset")
        request = edge.ScrollRequest(
            offset=UUID(offset) if offset else None,
            limit=body["limit"],
            filter=filter_of(body["filter"]),
            with_payload=body["with_payload"],
        )
        found, following = self.shard.scroll(request)
        following = str(following) if following is not None else None
        return {"points": [shown(point) for point in found], "next_page_offset": following}

    def query(self, body):
        request = edge.QueryRequest(
            prefetches=prefetches(body),
            query=scoring(body),
            filter=filter_of(body.get("filter")),
            limit=body["limit"],
            offset=body.get("offset", 0),
            with_payload=body["with_payload"],
        )
        return {"points": [shown(point) for point in self.shard.query(request)]}

    def batch(self, body):
        return [self.query(search) for search in body["searches"]]


class Server:
    def __init__(self, directory):
        self.directory = directory
        self.collections = {}
        # The engine leaves it to its host that conditional writes are decided one after the other.
        self.lock = threading.Lock()

    def answer(self, method, path, body):
        if (method, path) == ("GET", "/"):
            return None
        _, _, name, *rest = path.split("/", 3)
        operation = rest[0] if rest else ""
        with self.lock:
            if (method, operation) == ("PUT", ""):
                if name in self.collections:
                    raise Refused(409, f"Wrong input: Collection `{name}` already exists!")
                self.collections[name] = Collection(self.directory / name, body)
                return True
            if name not in self.collections:
                raise Refused(404, f"Not found: Collection `{name}` doesn't exist!")
            collection = self.collections[name]
            if operation.startswith("vectors/"):
                return collection.add_vector(operation.removeprefix("vectors/"), body)
            operations = {
                ("GET", ""): collection.describe,
                ("PUT", "index"): collection.index,
                ("PUT", "points"): collection.upsert,
                ("POST", "points"): collection.retrieve,
                ("POST", "points/delete"): collection.delete,
                ("POST", "points/payload"): collection.set_payload,
                ("POST", "points/scroll"): collection.scroll,
                ("POST", "points/query"): collection.query,
                ("POST", "points/query/batch"): collection.batch,
            }
            return operations[method, operation](body)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_state = None

    def handle_request(self):
        length = int(self.headers.get("content-length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        path = self.path.split("?", 1)[0]
        try:
            result = self.server_state.answer(self.command, path, body)
            about = {"title": "qdrant - vector search engine", "version": "1.19.0"}
            self.send(200, about if result is None else {"result": result, "status": "ok", "time": 0})
        except Refused as refused:
            status, reason = refused.args
            self.send(status, {"status": {"error": reason}, "time": 0})
        except Exception as error:
            self.send(400, {"status": {"error": f"{type(error).__name__}: {error}"}, "time": 0})

    do_GET = do_PUT = do_POST = handle_request

    def send(self, status, value):
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    Handler.server_state = Server(Path(sys.argv[2]))
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
