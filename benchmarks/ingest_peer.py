"""PDFs into FAISS by LangChain's usual parts; run by `benchmarks.ingest_peers`, in its own virtual environment."""

import sys

from langchain_community.document_loaders import PyPDFLoader
from langchain_community.vectorstores import FAISS
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter


def main(model: str, folder: str, characters: int, files: list[str]) -> None:
    size = {"chunk_size": characters, "chunk_overlap": characters // 5} if characters else {}
    splitter = RecursiveCharacterTextSplitter(**size)
    pages = [page for file in files for page in PyPDFLoader(file).load()]
    chunks = splitter.split_documents(pages)
    FAISS.from_documents(chunks, HuggingFaceEmbeddings(model_name=model)).save_local(folder)
    print(len(chunks))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:])
