"""Serves an exported model with KServe: FOLDER NAME PORT. NAME answers in JSON, NAME-bytes in bytes where they are asked for."""
import sys

import numpy as np
import onnxruntime as ort
from kserve import InferOutput, InferResponse, Model, ModelServer

folder, name, port = sys.argv[1:]
TYPES = {"tensor(int64)": "INT64", "tensor(float)": "FP32"}


class Tapped(Model):
    def __init__(self, own, binary):
        super().__init__(own)
        self.binary = binary

    def load(self):
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = ort.InferenceSession(f"{folder}/1/model.onnx", options, providers=["CPUExecutionProvider"])
        self.ready = True

    async def get_input_types(self):
        return [self.described(one) for one in self.session.get_inputs()]

    async def get_output_types(self):
        return [self.described(one) for one in self.session.get_outputs()]

    def described(self, one):
        return {"name": one.name, "datatype": TYPES[one.type], "shape": [d if isinstance(d, int) else -1 for d in one.shape]}

    def predict(self, request, headers=None, response_headers=None):
        wanted = [one.name for one in request.request_outputs or []] or [one.name for one in self.session.get_outputs()]
        found = self.session.run(wanted, {one.name: one.as_numpy() for one in request.inputs})
        outputs = []
        for key, values in zip(wanted, found):
            output = InferOutput(key, list(values.shape), "INT64" if values.dtype == np.int64 else "FP32")
            output.set_data_from_numpy(values, binary_data=self.binary)
            outputs.append(output)
        return InferResponse(request.id, self.name, outputs, use_binary_outputs=self.binary, requested_outputs=request.request_outputs if self.binary else None)


models = [Tapped(name, False), Tapped(f"{name}-bytes", True)]
for model in models:
    model.load()
ModelServer(http_port=int(port), enable_grpc=False, workers=1).start(models)
