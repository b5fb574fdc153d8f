"""The model class that MLServer loads: see peers.ts for its settings."""
import numpy as np
import onnxruntime as ort
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceResponse


class Tapped(MLModel):
    async def load(self):
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = ort.InferenceSession(self.settings.parameters.uri, options, providers=["CPUExecutionProvider"])
        return True

    async def predict(self, payload):
        wanted = [one.name for one in payload.outputs or []] or [one.name for one in self.session.get_outputs()]
        fed = {one.name: np.asarray(NumpyCodec.decode_input(one)) for one in payload.inputs}
        found = self.session.run(wanted, fed)
        return InferenceResponse(model_name=self.name, id=payload.id, outputs=[NumpyCodec.encode_output(key, values) for key, values in zip(wanted, found)])
