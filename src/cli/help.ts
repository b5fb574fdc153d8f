export const HELP = `layerscope: how the layers of an ONNX transformer separate safe from unsafe prompts. No prompt, state or model leaves this machine,
unless --engine names a server.

  layerscope audit FILE --model DIR     audit a dataset: a file, or a folder of images whose subfolders are the classes
  layerscope check [PATHS] --profile F  prompts in source code, scored with what an audit has learnt
  layerscope taps MODEL                 the layers and further taps found in a model, the tensors that carry them, its weights by role
  layerscope card MODEL                 what a model file is: parameters, precision, taps, inputs, memory; nothing is run
  layerscope extract FILE --model DIR --out F.safetensors
                                        pooled hidden states of every layer
  layerscope export-model MODEL --layout triton|kserve --out DIR
                                        the tapped model as a serving engine takes it (docs/serving.md)
  layerscope download ORG/NAME          a model from the Hugging Face Hub into the standard cache; asks first
  layerscope check-accelerators         which of CUDA, DirectML, Core ML, WebGPU compute here, and how to get the others
  layerscope lenses                     what can be asked of a model, one analysis a paper
  layerscope compare RUN RUN [RUN…]     runs that \`audit --run\` left, side by side; the first is the base
  layerscope compat TABLE               the published composites from a table of raw metrics (CHI, XB, …); never comparable
  layerscope store                      the states kept from run to run: how much; --clear deletes them all

audit
  --model DIR            folder (config.json, tokenizer.json, onnx/model.onnx) or an .onnx file
  --contrast FILE        a second file: two one-class files against each other
  --tower NAME           of a graph with several residual streams (encoder-decoder, CLIP): encoder, decoder, text, vision or an
                         input's name; a decoder reads the row's tokens one place behind its start token (also taps, extract)
  --format text|json|html  (text)   --out F   write there instead of standard output
  --pool mean|mean-skip-first|last|first   (mean-skip-first for causal models, mean for encoders;
                         of images mean-skip-first: the patches without the class token)
  --tokens completion|all   the tokens that are pooled (completion where every row has an answer)
  --chat-template auto|on|off   conversations as the model's own template writes them; on: every prompt as a user's turn (auto)
  --min-aqi X, --min-auroc X   exit 1 when the AQI, or the probe's AUROC (nested), is below
  --lens ID              run a lens on demand beside the core ones; once for each
  --max-tokens N (512)   --seed N (0)   --threads N (0 = automatic)
  --provider auto|cpu|cuda|dml|webgpu|coreml
  --with-text            html: include the rows' texts (left out unless asked for)
  --reference MODEL      the same rows through a second model: do both agree on the geometry (lens relative-anchors)
  --run FOLDER           leave the run there, for \`compare\`; interrupted, it goes on with --resume
  --resume FOLDER        go on with a run where it was interrupted; the result is that of an unbroken run
  --store DIR            where states are kept from run to run, so that only new rows go through the model (LAYERSCOPE_STORE, else
                         the user's cache folder)   --no-store (LAYERSCOPE_STORE=off)   --store-gb N (4)

servers that compute in place of this machine (audit, extract); docs/serving.md
  --engine URL           http://HOST:PORT/v2/models/NAME; once for each. They see the token ids of the texts
  --yes                  do not ask before hosts beyond this machine see them; LAYERSCOPE_ENGINE_TOKEN is sent as bearer token
  --save-profile F       leave the profile there that \`check\` scores prompts with

check
  PATHS                  files and folders (.); packages, builds and what .gitignore names are passed by, and counted
  --profile F            (.layerscope/profile.json)   --model DIR   where its model lies, when not where the profile names it
  --format text|json|sarif  (text)   --out F
  --fail-on outside|warning|error   exit 1 on findings of this level or above (warning); outside: also on prompts of which nothing is
                         known, because they lie out of domain or could not be scored
  --threshold P, --error-threshold P   probabilities from which a prompt is a warning, an error (the profile's)
  --baseline F           prompts that were accepted (.layerscope/baseline.json)
  --write-baseline F     accept what is found now; exit 0   --reason TEXT
  --possible             long texts with an opening phrase, too   --everything   nothing is passed by
  --provider (cpu)   --threads N

how a dataset is read (audit, extract); found by itself, and asked about where it cannot be known
  --text COL|#N  --label COL|#N  --category COL|#N  --group COL|#N   columns by name or position
  --axis COL|all|none    columns of classes beside the label, once for each (all that hold 2 to 20 classes)
  --list KEY  --no-header  --header
  --safe V  --unsafe V   what the label's values mean; once for each value
  --all safe|unsafe  --contrast-all safe|unsafe   the class of a whole file
  --threshold X          a numeric label at or above X is unsafe
  --expand-answers       chosen/rejected and the like: every answer a row of its own
  --concept              two classes of any meaning: probes, no alignment index
  --skip-bad             go on although more than a tenth of the lines cannot be read

extract
  --pool mean,last       one tensor each, [layers + 1, rows, width] float32
  --ids F.json           token-id lists instead of a dataset, for models without a tokenizer
  --tap PATTERN          these taps instead of the layers, one tensor each; once for each (\`blocks.*.attn_out\`)

export-model
  --taps residual|PATTERN   what is given out: the layers, or taps by name or pattern; once for each (residual)
  --layout triton|kserve    a Triton model repository; for KServe with an InferenceService beside it
  --out DIR  --name NAME    the repository, and the model's name in it (from the model's own)
  --link                    hard links to the weights instead of copies    --force   replace an earlier export
  --instances N (1)  --max-batch N (64)  --storage-uri URI  --tower NAME  --format text|json

download
  --file onnx/model_q4.onnx   one of the repository's .onnx files (full precision first)
  --revision R (main)    --token env|file   use the token in HF_TOKEN, or the one of \`hf auth login\`
  --yes                  do not ask; HF_ENDPOINT, HF_HOME, HF_HUB_CACHE, HTTPS_PROXY are heeded

taps
  --tap PATTERN          only taps whose name matches, each on a line: \`blocks.6.*\`, \`*attn_pattern\`; once for each
  --weights              the weights by role instead: embedding, blocks.N.q, k, v, o, up, gate, down, norms, unembedding

taps, card, check-accelerators, lenses
  --format text|json

compare
  --format text|json|html  (text)   --out F   --with-text

store
  --info | --clear       --store DIR   --format text|json

compat
  --mode ref-xb-chi|ref-chi-sil|ref-ss-xb|ref-dbs-di|paper-eq   (ref-xb-chi)   --gamma X   --format text|json

exit codes: 0 done, 1 a threshold failed, 2 bad usage or input, 3 the engine failed, 130 interrupted
`;
