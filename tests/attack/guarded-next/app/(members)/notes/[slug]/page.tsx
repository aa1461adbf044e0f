export default async function Note({ params }: { params: Promise<{ slug: string }> }) {
  return <p>SECRET of {(await params).slug}</p>;
}
